"""New plugin projects (`sojourn plugins new`), and what one lacks before it is published.

`templates/` holds whole projects under the name `newplugin`; they are linted, typed and tested
as they stand.
"""
