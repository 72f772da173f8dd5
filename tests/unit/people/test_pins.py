"""PINs: which are refused, how they are hashed (S33)."""

import pytest
from argon2 import extract_parameters

from terminal.chance import Chance
from terminal.errors import BadSettings, InvalidRequest
from terminal.people.pins import PinCost, Pins, check_new
from terminal.virtual_time import run

PEPPER = b"p" * 32
CHEAP = PinCost(passes=1, memory_kib=8)


@pytest.mark.row(124)
@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567890123",
        "١٢٣٤٥٦",
        "８３７４６５",
        "83746a",
        "837465\n",
        " 837465",
        "111111",
        "123456",
        "890123",
        "654321",
        "210987",
        "121212",
        "1212121",
        "123123",
        "12341234",
        "123321",
        "520131",
        "147258",
        "112233",
    ],
)
def test_s33_weak_pins_are_refused(pin: str) -> None:
    with pytest.raises(InvalidRequest, match="pin_weak"):
        check_new(pin)


@pytest.mark.parametrize("pin", ["837465", "294857", "605948201375"])
def test_ordinary_pins_are_taken(pin: str) -> None:
    check_new(pin)


def test_few_pins_are_refused_in_all() -> None:
    refused = 0
    for number in range(0, 1_000_000, 97):
        try:
            check_new(f"{number:06d}")
        except InvalidRequest:
            refused += 1
    assert refused < 100  # of 10,310 looked at: guessing is not made easier by what is left out


def test_s33_argon2id_with_salt_parameters_and_pepper() -> None:
    async def story() -> None:
        pins = Pins(PEPPER, CHEAP, Chance(1))
        one, two = await pins.hash("837465"), await pins.hash("837465")
        assert one != two, "every record has its own salt"
        parameters = extract_parameters(one.partition(":")[2])
        assert (parameters.type.name, parameters.memory_cost, parameters.time_cost) == ("ID", 8, 1)
        assert await pins.verify("837465", one)
        assert not await pins.verify("837466", one)
        assert not await pins.verify("837465", None)
        assert not await pins.verify("\ud800" * 1000, one)

    run(story(), seed=1)


def test_a_record_is_worth_nothing_without_its_pepper() -> None:
    async def story() -> None:
        record = await Pins(PEPPER, CHEAP, Chance(1)).hash("837465")
        other = Pins(b"q" * 32, CHEAP, Chance(1))
        with pytest.raises(BadSettings, match="pepper_changed"):
            await other.verify("837465", record)

    run(story(), seed=1)


def test_a_record_made_with_older_parameters_still_fits() -> None:
    async def story() -> None:
        record = await Pins(PEPPER, CHEAP, Chance(1)).hash("837465")
        assert await Pins(PEPPER, PinCost(passes=2, memory_kib=16), Chance(2)).verify("837465", record)

    run(story(), seed=1)
