"""The keys of a simulated world: keyed MACs in most, real RSA with fixed test keys in some."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.signing import MacSigner, MacVerifier, RsaSigner, RsaVerifier, Signer
from terminal.counter.ports import Entropy
from terminal.sandbox import signing
from terminal.sandbox.keyring import Keyring, Merchant, PlatformKey, SimulatedMerchant, simulated_keyring

PLATFORM_ID: Final = "PUB_KEY_ID_0119000000012025010100000000000000"


@dataclass(frozen=True, slots=True)
class Ring:
    """Both sides of one merchant's account: the bank's keyring and what the shop holds."""

    bank: Keyring
    shop: SimulatedMerchant
    signer: Signer
    verifiers: Keys
    real: bool


def mac_ring(entropy: Entropy) -> Ring:
    keyring, merchants = simulated_keyring(entropy)
    mine = merchants[0]
    keys: Keys = {mine.platform_serial: ProviderKey(MacVerifier(mine.platform_key))}
    return Ring(keyring, mine, MacSigner(mine.merchant_key, mine.serial), keys, real=False)


def rsa_ring(entropy: Entropy) -> Ring:
    """Fixed 2048-bit keys that lie beside this file and are no secret: everything else from ``entropy``."""
    keyring, merchants = simulated_keyring(entropy)
    mine, shop_key, bank_key = merchants[0], _key("shop"), _key("bank")
    known = keyring.merchants[mine.mchid]
    merchant = Merchant(
        known.mchid,
        known.appid,
        known.shop,
        known.serial,
        signing.RsaVerifier(shop_key.public_key()),
        known.apiv3_key,
    )
    public = PlatformKey(PLATFORM_ID, signing.RsaSigner(bank_key))
    certificate = PlatformKey(keyring.certificates[0].serial, signing.RsaSigner(bank_key), "TEST, NO CERTIFICATE")
    bank = Keyring({mine.mchid: merchant}, public, [certificate], signing.RsaSigner(shop_key), entropy)
    keys: Keys = {PLATFORM_ID: ProviderKey(RsaVerifier(bank_key.public_key()))}
    return Ring(bank, mine, RsaSigner(shop_key, mine.serial, threaded=False), keys, real=True)


@cache
def _key(name: str) -> RSAPrivateKey:
    pem = files("terminal.simulation").joinpath("keys", f"TEST-{name}.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
