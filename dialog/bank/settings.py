"""What can be set about the bank."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from dialog.bank.risk import Rule, packaged_rules


@dataclass(frozen=True, slots=True)
class LockoutPolicy:
    """How many wrong PINs are taken, and how long the door then stays shut.

    Attributes:
        tries: Wrong PINs for one customer number, over all calls, before it locks.
        tries_per_call: Wrong PINs within one call, for whatever numbers, before the call locks.
        lock_period: Length of the first lock-out; each further one without a success between
            is twice as long, so that a PIN cannot be tried out over weeks.
        longest_lock: What the doubling stops at.
        known_lock_period: The same for an address that the customer has logged in from before.
        tries_per_address: Wrong PINs from one address in an address_window, for whatever numbers.
        address_window: What the tries of one address are counted over.
        blocks_per_number: Emergency blocks taken for one customer number in a block_window.
        blocks_per_call: Emergency blocks taken in one call.
        blocks_per_address: Emergency blocks taken from one address in a block_window.
        block_window: What the emergency blocks of one number or address are counted over.
    """

    tries: int = 3
    tries_per_call: int = 3
    lock_period: timedelta = timedelta(minutes=30)
    longest_lock: timedelta = timedelta(days=1)
    known_lock_period: timedelta = timedelta(minutes=1)
    tries_per_address: int = 10
    address_window: timedelta = timedelta(hours=1)
    blocks_per_number: int = 3
    blocks_per_call: int = 3
    blocks_per_address: int = 6
    block_window: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PinCost:
    """Argon2id's cost: the default is OWASP's minimum (19 MiB, 2 passes, 1 lane).

    A caller waits for it at every login and it takes the core that recognises speech, while no cost
    protects 10,000 PINs for long: the pepper does.

    Attributes:
        time: Passes.
        memory_kib: KiB of memory.
        lanes: Degree of parallelism.
    """

    time: int = 2
    memory_kib: int = 19456
    lanes: int = 1


class CardLimits(BaseModel):
    """What a card may do in a day where its owner has set nothing else, in major units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cash: Decimal = Field(default=Decimal(500), ge=0)
    purchases: Decimal = Field(default=Decimal(2500), ge=0)


class BankSettings(BaseModel):
    """What can be set about the bank.

    Attributes:
        transfer_limit: The most that one transfer may move, in major units.
        proposal_lifetime: How long after it was read back a proposal may be confirmed.
        same_transfer_within: How long after a transfer the same one in a new call is pointed out.
        wait_s: Seconds that a locked database is waited for before the bank says no.
        lockout: How many tries callers have.
        pin_cost: How hard a stored PIN is to try out.
        session_idle: How long a caller who says nothing stays identified.
        session_lifetime: How long anybody stays identified in a call.
        code_lifetime: How long a one-time code is taken.
        code_tries: Wrong codes taken for one order.
        codes_per_hour: Codes sent to one customer in an hour, in all calls.
        card_limits: By kind of card; where a kind is missing, CardLimits' own.
        survey_share: Of calls that came to something, how many are asked how they were, 0 to 1.
        survey_every: Nobody is asked twice within this time.
        rules: Limits and signs of fraud; dialog/bank/risk.yaml where none are given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    transfer_limit: Decimal = Field(default=Decimal("10000.00"), gt=0)
    proposal_lifetime: timedelta = timedelta(minutes=10)
    same_transfer_within: timedelta = timedelta(hours=1)
    wait_s: float = Field(default=5.0, gt=0)
    lockout: LockoutPolicy = LockoutPolicy()
    pin_cost: PinCost = PinCost()
    session_idle: timedelta = timedelta(minutes=5)
    session_lifetime: timedelta = timedelta(hours=1)
    code_lifetime: timedelta = timedelta(minutes=5)
    code_tries: int = Field(default=3, ge=1)
    codes_per_hour: int = Field(default=5, ge=1)
    card_limits: dict[str, CardLimits] = {}
    survey_share: float = Field(default=0.0, ge=0, le=1)
    survey_every: timedelta = timedelta(days=90)
    rules: tuple[Rule, ...] = Field(default_factory=packaged_rules)
