"""A personal recommendation: ranked by the trained model, within the suitability rules, with
consent only; what customers answer is kept for the next training."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.products.catalogue import product
from dialog.bank.products.profile import Answered, Profile, read_profile
from dialog.bank.products.ranker import Ranked, packaged_ranker
from dialog.bank.products.suitability import against, suitability
from dialog.bank.products.tables import UNSEEN, RecommendationRow
from dialog.bank.tables import CustomerRow
from dialog.errors import NoConsent, ProposalSpent, UnknownAccount

INTERESTED, DECLINED = "interested", "declined"
REASONS_TOLD = 2


@dataclass(frozen=True, slots=True)
class Advised:
    """What is recommended, and what was ruled out before it.

    Attributes:
        id: Of the recommendation, for the answer.
        product: None where nothing is left to recommend.
        reasons: What speaks for it (ranker.Ranked), the strongest first.
        ruled_out: Products that the ranker put before it, with the first rule against each.
    """

    id: str
    product: str | None
    reasons: tuple[str, ...] = ()
    ruled_out: tuple[tuple[str, str], ...] = ()


class Advice:
    """Reads profiles, recommends, and keeps the answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def customer(self, number: str) -> int:
        """The id of whoever has a customer number.

        Raises:
            UnknownAccount: Nobody has it.
        """
        with self._desk.reading() as session:
            found = session.scalar(select(CustomerRow.id).where(CustomerRow.number == number))
        if found is None:
            raise UnknownAccount("no customer has this number")
        return found

    def profile(self, customer_id: int) -> Profile:
        """What a recommendation would be made from; the books only with consent."""
        with self._desk.reading() as session:
            return self._profile(session, customer_id)

    def recommend(self, *, customer_id: int, call_id: str, request_id: str) -> Advised:
        """The likeliest product that suits the customer; kept until they answer.

        Raises:
            NoConsent: They have not agreed to recommendations.
            CustomerErased: Nothing is kept of theirs any more.
        """
        now = self._desk.now()
        ranker, version = packaged_ranker()

        def recommend(session: Session) -> Advised:
            held(session, customer_id)
            profile = self._profile(session, customer_id)
            if not profile.consented:
                raise NoConsent("the customer has not agreed to recommendations")
            declined = self._declined(session, customer_id, now)
            ranked = [one for one in ranker.rank(profile) if one.product not in declined]
            advised, chosen = _choose(request_id, ranked, profile)
            if chosen is not None and session.get(RecommendationRow, request_id) is None:
                row = RecommendationRow(
                    id=request_id,
                    customer_id=customer_id,
                    call_id=call_id,
                    product=chosen.product,
                    score=chosen.score,
                    reasons=",".join(advised.reasons),
                    model=version,
                    seen=_seen(profile),
                    made_at=now,
                )
                session.add(row)
            return advised

        deed = Deed("recommend", call_id, customer_id)
        return self._desk.do(deed, recommend, lambda told: {**asdict(told), "model": version})

    def answer(self, request_id: str, answer: str, *, customer_id: int, call_id: str) -> None:
        """Keep what the customer said to a recommendation.

        Raises:
            ProposalSpent: There is none in this call of this customer.
        """

        def keep(session: Session) -> None:
            row = session.get(RecommendationRow, request_id, with_for_update=True)
            if row is None or (row.customer_id, row.call_id) != (customer_id, call_id):
                raise ProposalSpent("nothing was recommended in this call")
            row.answer = answer

        deed = Deed("answer_recommendation", call_id, customer_id)
        self._desk.do(deed, keep, lambda _: {"recommendation": request_id, "answer": answer})

    def answers(self) -> list[Answered]:
        """What customers said to recommendations, oldest first, for the next training."""
        query = select(RecommendationRow).where(RecommendationRow.answer.is_not(None))
        with self._desk.reading() as session:
            rows = session.scalars(query.order_by(RecommendationRow.made_at, RecommendationRow.id))
            return [
                Answered(_profile_of(row.seen), row.product, row.answer == INTERESTED)
                for row in rows
                if row.seen != UNSEEN
            ]

    def _profile(self, session: Session, customer_id: int) -> Profile:
        consent = timedelta(days=suitability().consent_days)
        return read_profile(session, customer_id, self._desk.now(), consent)

    @staticmethod
    def _declined(session: Session, customer_id: int, now: datetime) -> set[str]:
        since = now - timedelta(days=suitability().declined_days)
        query = select(RecommendationRow.product).where(
            RecommendationRow.customer_id == customer_id,
            RecommendationRow.answer == DECLINED,
            RecommendationRow.made_at >= since,
        )
        return set(session.scalars(query))


def _choose(
    request_id: str, ranked: list[Ranked], profile: Profile
) -> tuple[Advised, Ranked | None]:
    """The first that no rule is against, with those before it."""
    ruled_out: list[tuple[str, str]] = []
    for one in ranked:
        offered = product(one.product)
        rules = against(offered, profile) if offered else ("no longer offered",)
        if not rules:
            reasons = one.reasons[:REASONS_TOLD]
            return Advised(request_id, one.product, reasons, tuple(ruled_out)), one
        ruled_out.append((one.product, rules[0]))
    return Advised(request_id, None, (), tuple(ruled_out)), None


def _seen(profile: Profile) -> str:
    return json.dumps(asdict(profile), default=str)


def _profile_of(seen: str) -> Profile:
    told: dict[str, Any] = json.loads(seen)
    money = {f.name for f in fields(Profile) if f.type in (Decimal, "Decimal")}
    values: dict[str, Any] = {n: Decimal(v) if n in money else v for n, v in told.items()}
    values["corrected"] = tuple(told["corrected"])
    return Profile(**values)
