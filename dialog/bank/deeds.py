"""The names that the audit has for what is done in calls, by the bank's people and by processes."""

from dialog.bank.order_kinds import order_kinds
from dialog.bank.settings import BankSettings

DEEDS = frozenset(
    {
        *("login", "emergency_block", "block_card", "check_code", "send_code", "add_card"),
        *("propose_transfer", "transfer", "hold_transfer", "decline_transfer"),
        *("arrange_payment", "cancel_payment", "scheduled_payment", "propose_payee", "add_payee"),
        *("order", "order_statement", "settle_loan", "recommend", "answer_recommendation"),
        *("open_complaint", "open_suggestion", "close_case", "open_task", "decide_task"),
        *("lapse_task", "lapse_tasks", "join_line", "leave_line", "take_caller", "write_letter"),
        *("issue_device", "rotate_device", "revoke_device", "retry_workflow", "open_record"),
        *("erase_customer", "export_customer", "forget_calls", "forget_words", "rotate_keys"),
        *(f"propose_{kind}" for kind in order_kinds(BankSettings())),
    }
)
