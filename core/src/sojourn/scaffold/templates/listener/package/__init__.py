"""A Sojourn listener: newplugin."""
