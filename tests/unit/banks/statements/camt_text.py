"""Statements written for tests, field by field; the shapes are ISO 20022's."""

from collections.abc import Sequence

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"
ROOTS = {
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    "052": ("BkToCstmrAcctRpt", "Rpt"),
}
IBAN = "DE89370400440532013000"


def balance(kind: str, amount: str, sign: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>"
    )


def details(
    amount: str = "", *, reference: str = "", end_to_end: str = "", text: Sequence[str] = (), more: str = ""
) -> str:
    said = f"<Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>" if amount else ""
    structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" if reference else ""
    free = "".join(f"<Ustrd>{each}</Ustrd>" for each in text)
    own = f"<EndToEndId>{end_to_end}</EndToEndId>" if end_to_end else ""
    return f"<TxDtls><Refs>{own}</Refs>{said}<RmtInf>{free}{structured}</RmtInf>{more}</TxDtls>"


def entry(
    amount: str,
    sign: str = "CRDT",
    *,
    inner: str = "",
    service: str = "",
    status: str = "<Cd>BOOK</Cd>",
    family: str = "ESCT",
    head: str = "",
    tail: str = "",
) -> str:
    own = f"<AcctSvcrRef>{service}</AcctSvcrRef>" if service else ""
    code = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    more = f"<NtryDtls>{inner}</NtryDtls>" if inner else ""
    return (
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{head}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>2026-11-02</Dt></BookgDt><ValDt><Dt>2026-11-02</Dt></ValDt>{own}{code}{more}{tail}</Ntry>"
    )


def document(
    *entries: str,
    opening: str = "100.00",
    closing: str = "100.00",
    kind: str = "053",
    version: str = "08",
    message: str = "MSG-1",
    number: int = 7,
    balances: str | None = None,
    account: str = IBAN,
    again: str = "",
) -> bytes:
    root, part = ROOTS[kind]
    both = balance("OPBD", opening) + balance("CLBD", closing) if kind == "053" else ""
    space = NAMESPACE.format(kind=kind, version=version)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{space}"><{root}>'
        f"<GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-11-03T06:00:00Z</CreDtTm></GrpHdr>"
        f"<{part}><Id>S1</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><Acct><Id><IBAN>{account}</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{both if balances is None else balances}{''.join(entries)}</{part}>{again}"
        f"</{root}></Document>"
    ).encode()
