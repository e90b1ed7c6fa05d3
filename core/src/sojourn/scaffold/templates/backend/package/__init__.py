"""A Sojourn backend for newplugin."""
