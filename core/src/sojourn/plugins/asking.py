"""Calling one hook of one plugin, whoever else is registered."""

import pluggy

from sojourn.errors import PluginError, SojournError
from sojourn.plugins.outcomes import one_line


def ask(manager: pluggy.PluginManager, name: str, hook: str, **arguments: object) -> object:
    """The answer of the plugin `name` alone; None if it does not implement the hook.

    Raises:
        SojournError: as the plugin raised it.
        PluginError: the plugin raised anything else.
    """
    others = [plugin for other, plugin in manager.list_name_plugin() if other != name]
    caller = manager.subset_hook_caller(hook, others)
    try:
        answer = caller(**arguments)
    except SojournError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {name!r} failed in {hook}: {one_line(error)}",
            hint="tell its author",
        ) from error
    if caller.spec is not None and not caller.spec.opts["firstresult"]:
        return answer[0] if answer else None
    return answer


def implements(manager: pluggy.PluginManager, name: str, hook: str) -> bool:
    """Whether the plugin `name` implements `hook`."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return any(each.plugin_name == name for each in caller.get_hookimpls())


def implementers(manager: pluggy.PluginManager, hook: str) -> list[str]:
    """The names of the plugins that implement `hook`, in the order of registration."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    those = {each.plugin_name for each in caller.get_hookimpls()}
    return [name for name, _ in manager.list_name_plugin() if name in those] if those else []
