"""The members of one file, as many and as large as its limits allow."""

from __future__ import annotations

from .limits import Limits
from .result import Member, clean, shown_path

_REASON_CHARACTERS = 300


class Gathered:
    """`members` in their order, those that were left out too, each with its reason."""

    def __init__(self, limits: Limits) -> None:
        self.members: list[Member] = []
        self._limits, self._left = limits, limits.members_size

    @property
    def room(self) -> int:
        """So many bytes the next member may have."""
        return min(self._left, self._limits.member_size)

    def wants_more(self, count: int) -> bool:
        """False once there are too many members of `count`; one row then stands for those that are left out."""
        if len(self.members) < self._limits.members:
            return True
        left = count - len(self.members)
        self.members.append(Member(None, None, f"{left:,} more: only the first {self._limits.members:,} are read"))
        return False

    def add(self, member: Member) -> None:
        """Adds a member; without its bytes where they are more than there is room for."""
        size = len(member.data) if member.data is not None else 0
        if size > self.room:
            member, size = Member(member.path, None, "too large"), 0
        self._left -= size
        reason = clean(member.reason)[:_REASON_CHARACTERS] if member.reason is not None else None
        self.members.append(Member(shown_path(member.path), member.data, reason))
