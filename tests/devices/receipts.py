"""One shop's receipt in six languages: every script the product prints, with the figures beside them."""

from typing import Final

from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule

LOOKUP: Final = Code("CT:S-01JD3XG6Q5T8ZV0Y3R9KQ4B7WN")


def _receipt(
    shop: str,
    place: str,
    number: tuple[str, str],
    items: tuple[tuple[str, str], ...],
    paid: tuple[str, str],
    *end: str,
) -> Receipt:
    return (
        Row(shop, align="center", size=2, bold=True),
        Row(place, align="center"),
        Rule(),
        Row(*number),
        *(Row(*item) for item in items),
        Rule(),
        Row(*paid, size=2, bold=True),
        Blank(),
        LOOKUP,
        *(Row(line, align="center") for line in end),
    )


RECEIPTS: Final[dict[str, Receipt]] = {
    "en": _receipt(
        "Corner Café",
        "12 High Street, London",
        ("Sale no.", "0042"),
        (("Flat white, oat milk", "£3.80"), ("Pão de queijo (2)", "£4.20"), ("Discount, Alipay", "-£0.50")),
        ("Paid", "£7.50"),
        "Thank you – please keep this slip",
    ),
    "zh-CN": _receipt(
        "老王小吃店",
        "上海市静安区南京西路 100 号 B1",
        ("销售单号", "0042"),
        (
            ("珍珠奶茶 Bubble tea（大杯）", "¥18.00"),
            ("Café com açúcar 咖啡", "¥10.50"),
            ("优惠（微信支付）", "-¥2.00"),
        ),
        ("实付", "¥26.50"),
        "谢谢惠顾，请保留小票",
    ),
    "pt-BR": _receipt(
        "Padaria São João",
        "Rua Conceição, 45 – São Paulo",
        ("Venda nº", "0042"),
        (("Pão de açúcar e maçã", "R$ 12,50"), ("Café com leite", "R$ 6,00"), ("Desconto (Pix)", "-R$ 1,50")),
        ("Pago", "R$ 17,00"),
        "Obrigado, volte sempre!",
    ),
    "hi": _receipt(
        "शर्मा मिष्ठान भंडार",
        "12, चाँदनी चौक, दिल्ली 110006",
        ("बिक्री संख्या", "0042"),
        (
            ("गुलाब जामुन (2 प्लेट)", "₹180.00"),
            ("मसाला चाय Masala chai और गरमागरम समोसे के साथ हरी चटनी", "₹60.00"),
            ("छूट UPI", "-₹20.00"),
        ),
        ("कुल भुगतान", "₹220.00"),
        "धन्यवाद, कृपया रसीद सँभालकर रखें",
    ),
    "th": _receipt(
        "ร้านก๋วยเตี๋ยวป้าน้อย",
        "99 ถนนสุขุมวิท กรุงเทพฯ 10110",
        ("เลขที่ขาย", "0042"),
        (
            ("ก๋วยเตี๋ยวต้มยำน้ำข้น", "฿60.00"),
            ("ข้าวผัดปูพิเศษใส่ไข่ดาวสองฟองไม่ใส่ผักชีกับน้ำปลาพริกเพิ่ม Thai iced tea", "฿145.00"),
            ("ส่วนลด PromptPay", "-฿5.00"),
        ),
        ("ยอดชำระ", "฿200.00"),
        "ขอบคุณที่ใช้บริการ โปรดเก็บใบเสร็จนี้ไว้",
    ),
    "ar": _receipt(
        "مطعم الشرق",
        "شارع الملك فهد 25، الرياض",
        ("رقم العملية", "0042"),
        (
            ("شاورما دجاج (2)", "36.00 SAR"),
            ("عصير برتقال طازج مع قهوة عربية و Coca-Cola 330 ml بدون ثلج", "21.50 SAR"),
            ("خصم Alipay", "-2.50 SAR"),
        ),
        ("المبلغ المدفوع", "55.00 SAR"),
        "شكرا لزيارتكم، يرجى الاحتفاظ بالإيصال",
    ),
}
