"""Which act opens which operation of the API: the doors' one table. What it does not name is the owner's alone.

A handler still asks for itself, for the object at hand and for a fresh PIN; here it is decided who gets that far.
"""

from collections.abc import Mapping
from typing import Final

from terminal.people.roles import Action

OWNERS: Final = (Action.CHANGE_SETTINGS,)
RIGHTS: Final[Mapping[str, tuple[Action, ...]]] = {
    # money
    "open_sale": (Action.TAKE_MONEY, Action.TEST_SALE),
    "read_sale": (Action.SEE_SALES, Action.TEST_SALE),
    "cancel_sale": (Action.CANCEL_SALE, Action.TEST_SALE),
    "check_sale": (Action.TAKE_MONEY, Action.TEST_SALE),
    "park_sale": (Action.TAKE_MONEY,),
    "show_code": (Action.TAKE_MONEY,),
    "scan_code": (Action.TAKE_MONEY,),
    "list_unverified": (Action.TAKE_MONEY,),
    "list_sales": (Action.SEE_SALES,),
    "read_timeline": (Action.SEE_SALES, Action.TEST_SALE),
    "read_story": (Action.SEE_SALES,),
    "reprint_receipt": (Action.REPRINT, Action.TEST_SALE),
    "read_receipt": (Action.SEE_SALES, Action.TEST_SALE),
    "decide_slip": (Action.REPRINT,),
    "refund_sale": (Action.ASK_REFUND,),
    "offer_refund": (Action.SEE_SALES,),
    "cancel_refund": (Action.ASK_REFUND,),
    "override_sale": (Action.OVERRIDE,),
    # what a person must see
    "close_exception": (Action.SETTLE_EXCEPTION,),
    "list_orphans": (Action.SEE_SALES,),
    "list_unheard": (Action.SEE_SALES,),
    "close_unheard": (Action.SETTLE_EXCEPTION,),
    "close_orphan": (Action.SETTLE_EXCEPTION,),
    "list_alerts": (Action.SEE_SALES,),
    "close_alert": (Action.SETTLE_EXCEPTION,),
    "read_inbox": (Action.SEE_SALES,),
    "match_credit": (Action.SETTLE_EXCEPTION,),
    "close_key": (Action.SETTLE_EXCEPTION,),
    # counters and what is live
    "list_counters": (Action.SEE_SALES,),
    "read_counter": (Action.SEE_SALES, Action.SEE_DISPLAY),
    "read_events": (Action.SEE_SALES,),
    "new_ticket": (Action.SEE_SALES, Action.SEE_DISPLAY),
    # sums, days, bills; who sells may bring an owner's PIN for the seal
    "read_x": (Action.SEE_REPORTS,),
    "print_x": (Action.SEE_REPORTS,),
    "list_z": (Action.SEE_REPORTS,),
    "seal_day": (Action.CLOSE_DAY, Action.SEE_SALES),
    "read_z": (Action.SEE_REPORTS,),
    "print_z": (Action.SEE_REPORTS,),
    "read_fees": (Action.SEE_REPORTS,),
    "read_daybook": (Action.SEE_REPORTS,),
    "read_today": (Action.SEE_SALES,),
    "list_differences": (Action.SEE_REPORTS,),
    "read_difference": (Action.SEE_REPORTS,),
    "fix_difference": (Action.SETTLE_EXCEPTION, Action.SEE_REPORTS),
    "read_settlements": (Action.SEE_REPORTS,),
    "import_bill": (Action.IMPORT_BILLS,),
    "fetch_bills": (Action.IMPORT_BILLS,),
    # risk: who sells sees it and may bring an owner's PIN
    "find_code": (Action.SEE_SALES,),
    "check_proof": (Action.TAKE_MONEY,),
    "read_proof": (Action.TAKE_MONEY,),
    "list_stickers": (Action.SEE_SALES,),
    "check_sticker": (Action.TAKE_MONEY,),
    "new_sticker": (Action.CHANGE_SETTINGS,),
    "remove_sticker": (Action.CHANGE_SETTINGS,),
    "read_risk": (Action.SEE_REPORTS,),
    "close_risk_alert": (Action.SETTLE_EXCEPTION, Action.SEE_SALES),
    "make_letter": (Action.SETTLE_EXCEPTION, Action.SEE_SALES),
    "begin_hold": (Action.SETTLE_EXCEPTION, Action.SEE_SALES),
    "end_hold": (Action.CHANGE_SETTINGS, Action.SEE_SALES),
    # who gets the money
    "list_accounts": (Action.CHANGE_SETTINGS, Action.SIGN_VISIT),
    "approve_account": (Action.CHANGE_SETTINGS, Action.SIGN_VISIT),
    # devices
    "list_devices": (Action.SEE_HEALTH,),
    "test_device": (Action.TEST_DEVICES,),
    "choose_device": (Action.FIT_DEVICES,),
    "probe_port": (Action.FIT_DEVICES,),
    # the terminal's own sheet, who may come for a visit, cards
    "read_sheet": (Action.SEE_HEALTH,),
    "print_sheet": (Action.TEST_DEVICES,),
    "print_card": (Action.TEST_DEVICES,),
    "new_visit_code": (Action.MANAGE_PEOPLE,),
    "void_visit_codes": (Action.MANAGE_PEOPLE,),
    # practising
    "begin_training": (Action.TRAIN,),
    "end_training": (Action.TRAIN,),
    "read_lesson": (Action.TRAIN, Action.TAKE_MONEY),
    "begin_lesson": (Action.TRAIN, Action.TAKE_MONEY),
    "act_in_lesson": (Action.TRAIN, Action.TAKE_MONEY),
    "play_in_lesson": (Action.TRAIN,),
    "begin_exam": (Action.TRAIN, Action.TAKE_MONEY),
    "answer_exam": (Action.TRAIN, Action.TAKE_MONEY),
    # care: what is said of sales, complaints, help
    "give_feedback": (Action.SEE_SALES,),
    "give_rating": (Action.SEE_DISPLAY,),
    "list_feedback": (Action.SEE_REPORTS,),
    "read_feedback": (Action.SEE_REPORTS,),
    "list_cases": (Action.SEE_SALES,),
    "open_case": (Action.SEE_SALES,),
    "read_case": (Action.SEE_SALES,),
    "move_case": (Action.SEE_SALES,),
    "print_case": (Action.SEE_SALES,),
    "read_evidence": (Action.SEE_SALES,),
    "call_help": (Action.SEE_HEALTH,),
    "print_safety_card": (Action.SEE_SALES,),
    # setting the shop up: whoever may sign for it may do its steps
    "read_visit": (Action.SIGN_VISIT,),
    "begin_visit": (Action.SIGN_VISIT,),
    "drop_visit": (Action.SIGN_VISIT,),
    "begin_visit_step": (Action.SIGN_VISIT,),
    "check_visit_step": (Action.SIGN_VISIT,),
    "end_visit_step": (Action.SIGN_VISIT,),
    "accept_visit": (Action.SIGN_VISIT,),
    "read_visit_record": (Action.SIGN_VISIT,),
    "list_visits": (Action.SIGN_VISIT, Action.SEE_REPORTS),
    # oneself
    "read_me": (Action.SEE_SELF,),
    "confirm_pin": (Action.SEE_SELF,),
    "begin_second_step": (Action.OWN_SECOND_STEP,),
    "finish_second_step": (Action.OWN_SECOND_STEP,),
    "list_people": (Action.SEE_SALES,),
    # who has access
    "new_pairing_code": (Action.MANAGE_DEVICES,),
    "remove_device": (Action.MANAGE_DEVICES,),
    "list_access": (Action.MANAGE_PEOPLE,),
    "add_person": (Action.MANAGE_PEOPLE,),
    "add_visitor": (Action.MANAGE_PEOPLE,),
    "set_pin": (Action.MANAGE_PEOPLE,),
    "unlock_person": (Action.MANAGE_PEOPLE,),
    "disable_person": (Action.MANAGE_PEOPLE,),
    "remove_second_step": (Action.MANAGE_PEOPLE,),
    "end_session": (Action.MANAGE_PEOPLE,),
    "list_api_keys": (Action.MANAGE_API_KEYS,),
    "new_api_key": (Action.MANAGE_API_KEYS,),
    "rotate_api_key": (Action.MANAGE_API_KEYS,),
    "revoke_api_key": (Action.MANAGE_API_KEYS,),
    # where events are sent
    "list_hooks": (Action.MANAGE_HOOKS,),
    "new_hook": (Action.MANAGE_HOOKS,),
    "read_hook": (Action.MANAGE_HOOKS,),
    "change_hook": (Action.MANAGE_HOOKS,),
    "rotate_hook": (Action.MANAGE_HOOKS,),
    "remove_hook": (Action.MANAGE_HOOKS,),
    "send_again": (Action.MANAGE_HOOKS,),
    "list_letters": (Action.MANAGE_HOOKS,),
    "replay_letters": (Action.MANAGE_HOOKS,),
    "drop_letters": (Action.MANAGE_HOOKS,),
}


def opens(operation: str) -> tuple[Action, ...]:
    return RIGHTS.get(operation, OWNERS)
