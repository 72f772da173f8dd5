"""How the provider says no: HTTP status, code, message, and the number that ends the Request-ID.

Source: WeChat Pay merchant documentation, API v3, "错误码" and the list of Request-ID numbers
for trouble-shooting.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Row(NamedTuple):
    status: int
    message: str
    number: int


ROWS: Final[Mapping[str, Row]] = {
    "PARAM_ERROR": Row(400, "参数错误", 268435461),
    "INVALID_REQUEST": Row(400, "无效请求", 268435464),
    "APPID_MCHID_NOT_MATCH": Row(400, "appid和mch_id不匹配", 268445527),
    "MCH_NOT_EXISTS": Row(400, "商户号不存在", 268443715),
    "ORDER_CLOSED": Row(400, "订单已关闭", 268447914),
    "ORDER_PAID": Row(400, "该订单已支付", 268449538),
    "ORDER_REVERSED": Row(400, "订单已撤销", 268435464),
    "AUTH_CODE_EXPIRE": Row(400, "付款码已过期，请用户刷新后重试", 268435464),
    "AUTH_CODE_INVALID": Row(400, "不是有效的微信付款码", 268435464),
    "AUTH_CODE_ERROR": Row(400, "付款码已使用，请用户刷新后重试", 268435464),
    "USERPAYING": Row(400, "用户支付中，需要输入密码", 268435464),
    "NO_STATEMENT_EXIST": Row(400, "账单文件不存在", 268435464),
    "STATEMENT_CREATING": Row(400, "账单生成中", 268435464),
    "SIGN_ERROR": Row(401, "签名错误", 268443699),
    "NO_AUTH": Row(403, "商户无权限", 268447843),
    "RULE_LIMIT": Row(403, "业务规则限制", 268448010),
    "NOT_ENOUGH": Row(403, "余额不足", 268435464),
    "OUT_TRADE_NO_USED": Row(403, "商户订单号重复", 268498689),
    "ORDER_NOT_EXIST": Row(404, "订单不存在", 268512771),
    "RESOURCE_NOT_EXISTS": Row(404, "查询的资源不存在", 268512771),
    "FREQUENCY_LIMITED": Row(429, "频率超限", 268447840),
    "SYSTEM_ERROR": Row(500, "系统异常，请稍后重试", 268435456),
    "BANK_ERROR": Row(500, "银行系统异常", 268435456),
}
REENTRY_DIFFERS: Final = 268498688
ALREADY_PAID: Final = 268498689
REVERSE_ONLY: Final = 268449641


class Refused(Exception):
    """A documented refusal.

    Args:
        code: a key of ROWS.
        message: replaces the row's words.
        number: replaces the row's Request-ID number.
        detail: field, value, issue, location of the parameter that was wrong.
    """

    def __init__(
        self, code: str, message: str = "", *, number: int = 0, detail: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        row = ROWS[code]
        self.code, self.status = code, row.status
        self.message, self.number = message or row.message, number or row.number
        self.detail = detail

    def body(self) -> dict[str, object]:
        told: dict[str, object] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            told["detail"] = dict(self.detail)
        return told


def bad_parameter(field: str, issue: str, value: object = "") -> Refused:
    """PARAM_ERROR that names the place as a JSON pointer, such as "/amount/total"."""
    detail = {"field": field, "value": str(value)[:64], "issue": issue, "location": "body"}
    return Refused("PARAM_ERROR", detail=detail)
