"""Nothing of a payer is handed on: a canary in every connector's answers and notifications."""

from typing import Any

import msgspec
import pytest

from terminal.conformance.benches import BENCHES
from terminal.conformance.kit import PAYER
from terminal.errors import Hint
from terminal.payments.evidence import evidence_fields
from terminal.payments.notice import Told
from terminal.privacy.datamap import data_map
from terminal.virtual_time import run


@pytest.mark.row(121)
@pytest.mark.parametrize("name", sorted(BENCHES))
def test_pr2_no_connector_hands_on_who_paid(name: str) -> None:
    bench = BENCHES[name]()

    async def story() -> list[Any]:
        rig = bench.fresh()
        named = [rig.success("query")]
        heard: list[Any] = [await rig.asked(act, rig.success(act)) for act in rig.acts]
        if rig.channel.profile.speaks.notifies:
            named.append(rig.notified())
            try:
                heard.append(await rig.took(named[-1]))
            except Hint as hint:  # unsigned: it says where to look and nothing else
                heard.append(hint)
        assert PAYER.encode() in rig.peer.content(named[0]) or "payer" in rig.channel.profile.speaks.lacks
        return heard

    heard = run(story(), seed=0, guard=False)
    notices = [each.notice for each in heard if isinstance(each, Told)]
    assert notices
    for each in heard:
        assert PAYER not in repr(each)
    for each in notices:
        kept = evidence_fields(each)
        assert PAYER not in msgspec.json.encode(kept).decode()
        assert kept.keys() == data_map().evidence.keys()
