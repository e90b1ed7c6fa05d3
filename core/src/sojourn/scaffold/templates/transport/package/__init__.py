"""A Sojourn transport: newplugin."""
