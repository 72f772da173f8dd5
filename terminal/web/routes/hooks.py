"""The API's table, the part about webhooks."""

from typing import Final

from terminal.web import hooks, unheard
from terminal.web.calls import Operation as Op
from terminal.web.shapes.events import UnheardQuery
from terminal.web.shapes.form import Done
from terminal.web.shapes.hooks import (
    HookChange,
    HookList,
    HookRotation,
    HookView,
    LetterChoice,
    LetterList,
    LettersDone,
    LettersQuery,
    MadeHook,
    NewHook,
    SendAgain,
)
from terminal.web.shapes.sales import SaleList

_OWNER: Final = ("not_allowed", "pin_again", "code_again", "code_set_up")
_ONE: Final = (*_OWNER, "hook_unknown")
_URL: Final = ("hook_url_wrong", "hook_not_https", "hook_address_inside", "counter_unknown")
_HOOK: Final = "/hooks/{id}"
UNHEARD: Final = (
    Op(
        "GET",
        "/unheard",
        "list_unheard",
        unheard.list_unheard,
        "Sales of the last week whose end their program was never told, newest first; a key sees its own.",
        SaleList,
        UnheardQuery,
    ),
    Op(
        "POST",
        "/unheard/{sale}",
        "close_unheard",
        unheard.close_unheard,
        "A person has told whoever needed to know how a sale ended.",
        Done,
        problems=("sale_unknown", "exception_unknown", "pin_again"),
    ),
)
HOOK_CALLS: Final = (
    *UNHEARD,
    Op(
        "GET",
        "/hooks",
        "list_hooks",
        hooks.list_hooks,
        "Webhooks: where events are sent, and how it goes.",
        HookList,
        problems=_OWNER,
        whole="at most 16",
    ),
    Op(
        "POST",
        "/hooks",
        "new_hook",
        hooks.new_hook,
        "A webhook for what happens from now on; its secret is told once.",
        MadeHook,
        NewHook,
        status=201,
        stores=True,
        problems=(*_OWNER, *_URL, "hooks_full", "key_told_once"),
    ),
    Op(
        "GET",
        _HOOK,
        "read_hook",
        hooks.read_hook,
        "One webhook; its version is the ETag.",
        HookView,
        problems=_ONE,
    ),
    Op(
        "POST",
        _HOOK,
        "change_hook",
        hooks.change_hook,
        "Say anew what a webhook wants, or switch it on or off.",
        HookView,
        HookChange,
        problems=(*_ONE, *_URL, "version_missing", "version_moved"),
        if_match="required",
    ),
    Op(
        "POST",
        f"{_HOOK}/rotate",
        "rotate_hook",
        hooks.rotate_hook,
        "Another secret, told once; the old one signs beside it for some hours.",
        MadeHook,
        HookRotation,
        status=201,
        problems=(*_ONE, "version_missing", "version_moved"),
        if_match="required",
    ),
    Op(
        "POST",
        f"{_HOOK}/remove",
        "remove_hook",
        hooks.remove_hook,
        "Nothing is sent there any more; its list of undelivered events goes too.",
        Done,
        problems=(*_ONE, "version_moved"),
        if_match="optional",
    ),
    Op(
        "POST",
        f"{_HOOK}/send-again",
        "send_again",
        hooks.send_again,
        "Deliver everything after a number once more, in order.",
        HookView,
        SendAgain,
        problems=(*_ONE, "version_moved"),
        if_match="optional",
    ),
    Op(
        "GET",
        f"{_HOOK}/letters",
        "list_letters",
        hooks.list_letters,
        "Events that a webhook never took, oldest first.",
        LetterList,
        LettersQuery,
        problems=_ONE,
    ),
    Op(
        "POST",
        f"{_HOOK}/letters/replay",
        "replay_letters",
        hooks.ask_letters,
        "Deliver undelivered events again, one try each.",
        LettersDone,
        LetterChoice,
        status=202,
        problems=(*_ONE, "letter_unknown"),
    ),
    Op(
        "POST",
        f"{_HOOK}/letters/drop",
        "drop_letters",
        hooks.drop_letters,
        "Take undelivered events off the list; they stay in the journal.",
        LettersDone,
        LetterChoice,
        problems=(*_ONE, "letter_unknown"),
    ),
)
