"""What the ssh program's words mean when it could not connect. Pure functions."""

import re
import shlex

from sojourn.errors import ConfigError, HostKeyRefused, NeedsLogin, SojournError, Unreachable

_HOST_KEY = re.compile(
    r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED"
    r"|host key is known for .* and you have requested strict checking|Host key .* was revoked"
)
_LOGIN = re.compile(
    r"Permission denied \(|Too many authentication failures|No more authentication methods"
    r"|Authentication failed|no mutual signature|[Cc]ertificate (?:has )?expired"
)
_CONFIGURATION = re.compile(r"Bad configuration option|terminating, \d+ bad|Can't open user config")
_REASON = re.compile(
    _LOGIN.pattern
    + r"|Load key|Identity file|Permissions .* too open|[Bb]ad permissions|WARNING: UNP"
    r"|sign_and_send_pubkey|agent|[Cc]ertificate|Connection (?:reset|closed)|[Pp]assphrase"
)
_UNREACHABLE = re.compile(
    r"Could not resolve|Connection (?:refused|timed out|reset|closed)|No route to host"
    r"|unreachable|timed out|kex_exchange_identification|banner exchange|Broken pipe"
)
_FINGERPRINT = re.compile(r"debug1: Server host key: (\S+ SHA256:\S+)")
_CONTINUE = re.compile(r"debug1: Authentications that can continue: (\S+)")
_REMOVE = re.compile(r"ssh-keygen -f .*")


def diagnose(said: str, *, machine: str, again: list[str]) -> SojournError:
    """The error for what ssh printed at log level DEBUG1 before it ended.

    `again` is the command line by which a person can try it.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith("debug")]
    plain = "\n".join(words)
    if _CONFIGURATION.search(plain):
        return ConfigError("ssh: " + "; ".join(words))
    if _HOST_KEY.search(plain):
        return _host_key(said, plain, machine, again)
    if _LOGIN.search(plain):
        return _login(said, words, machine, again)
    message = next((line for line in reversed(words) if _UNREACHABLE.search(line)), None)
    message = message or (words[-1] if words else "ssh ended and said nothing")
    return Unreachable(message, machine=machine, hint=f"Try: {shlex.join(again)}")


def _host_key(said: str, plain: str, machine: str, again: list[str]) -> HostKeyRefused:
    # With jump hosts the key is the last one that was shown.
    shown = _FINGERPRINT.findall(said)
    key = f": {shown[-1]}" if shown else ""
    ask = [again[0], "-o", "StrictHostKeyChecking=ask", *again[1:]]
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in plain:
        remove = _REMOVE.search(plain)
        steps = " && ".join([*([remove[0]] if remove else []), shlex.join(ask)])
        return HostKeyRefused(
            f"the host key has changed{key}",
            machine=machine,
            hint="Someone may be listening in. If the site confirms the new fingerprint: " + steps,
        )
    if "revoked" in plain:
        return HostKeyRefused(f"the host key is revoked{key}", machine=machine)
    return HostKeyRefused(
        f"the host key is not known{key}",
        machine=machine,
        hint="Compare the fingerprint with the one that the site publishes, and answer yes to: "
        + shlex.join(ask),
    )


def _login(said: str, words: list[str], machine: str, again: list[str]) -> NeedsLogin:
    wanted = _CONTINUE.findall(said)
    wants = f"wants {wanted[-1].replace(',', ' or ')}" if wanted else "refused the login"
    # Others are the site's banner.
    reasons = "; ".join(dict.fromkeys(line for line in words if _REASON.search(line)))
    return NeedsLogin(
        f"the machine {wants}; ssh says: {reasons}",
        machine=machine,
        hint=f"Run `sojourn login {machine}` at a terminal, or try: {shlex.join(again)}",
    )
