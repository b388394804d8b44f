"""Where 1,000 yen went, as a drawing of streams: one broad stream on the left, its parts on the right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from marketplace.kit.languages import _
from marketplace.kit.plots import fitting
from marketplace.kit.readings import without_readings
from marketplace.kit.shown import yen

WHOLE = 1_000
GAP, SLOT, LINE = 14.0, 44.0, 18.0
"""Between two streams, what the sum and a line of words beside one need, and what one more line needs."""
LEAST = 2.0
"""How thin a stream may be drawn at least: it is small, not nothing."""
BREAK = re.compile(r".+(?:[ :]|[\u3041-\u3096](?=[^\u3041-\u3096]))")
"""A line may end behind a space or a colon, and where hiragana end: mostly behind a particle."""
FILLS = ("fill-1", "fill-4", "fill-2", "fill-3")


@dataclass(frozen=True)
class Part:
    """`share` is what of 1,000 yen went there; the shares of all parts sum to 1,000."""

    word: str
    yen: int
    share: int


def parts_of(fund: dict[str, Any]) -> list[Part]:
    """What became of all that was collected, by the figures of fund.statements.summary(); nothing where nothing came.

    Where fees or spending were met from elsewhere the parts are more than what came; their shares still sum to 1,000.
    """
    spent: dict[str, int] = {}
    for use in fund["uses"]:
        spent[use["purpose"]] = spent.get(use["purpose"], 0) + use["spent_yen"]
    told = [(_("使いました: %(purpose)s", purpose=purpose), yen) for purpose, yen in spent.items()]
    told.append((_("ほかに使いました"), fund["spent_yen"] - sum(spent.values())))
    told += [
        (_("基金にあります"), fund["left_yen"]),
        (_("積み立てを待っています"), fund["set_aside_yen"] - fund["fund_yen"]),
        (_("決済の手数料"), fund["fees_yen"]),
        (_("お返しした代金"), fund["refunded_yen"]),
        (_("カード会社の異議で引かれた代金"), fund["disputed_yen"]),
    ]
    told = [(word, yen) for word, yen in told if yen > 0]
    rest = fund["collected_yen"] - sum(yen for _word, yen in told)
    if rest > 0:
        told.append((_("積み立てはこれから"), rest))
    shares = shared_out([yen for _word, yen in told])
    return [Part(word, yen, share) for (word, yen), share in zip(told, shares, strict=True)]


def shared_out(sums: Sequence[int]) -> list[int]:
    """WHOLE in whole parts by the sums, the largest remainders first, so that nothing is lost by rounding."""
    total = sum(sums)
    if not total:
        return [0] * len(sums)
    shares = [yen * WHOLE // total for yen in sums]
    by_rest = sorted(range(len(sums)), key=lambda n: (-(sums[n] * WHOLE % total), n))
    for n in by_rest[: WHOLE - sum(shares)]:
        shares[n] += 1
    return shares


def streams(parts: Sequence[Part], size: tuple[float, float], name: str) -> Markup:
    """The drawing; a table with the same figures stands beside it."""
    width = size[0]
    left, right = 118.0, width - (236.0 if width > 450 else 168.0)
    said = [_lines(part.word, width) for part in parts]
    slots = [SLOT + LINE * (len(lines) - 1) for lines in said]
    room = max(size[1], sum(slots))
    tall = [max(LEAST, part.share * room / WHOLE) for part in parts]
    height = 20 + sum(max(thick + GAP, slot) for thick, slot in zip(tall, slots, strict=True))
    source, y = 10 + (height - 20 - sum(tall)) / 2, 10.0
    body = [
        f'<text class="chart__strong" x="0" y="{height / 2 - 4:.0f}">{_("いただいた")}</text>',
        f'<text class="chart__strong" x="0" y="{height / 2 + 16:.0f}">{_("代金 %(sum)s", sum=yen(WHOLE))}</text>',
    ]
    middle = (left + right) / 2
    for n, (part, thick) in enumerate(zip(parts, tall, strict=True)):
        curve = (
            f"M{left:.0f} {source:.1f} C{middle:.0f} {source:.1f} {middle:.0f} {y:.1f} {right:.0f} {y:.1f} "
            f"V{y + thick:.1f} C{middle:.0f} {y + thick:.1f} {middle:.0f} {source + thick:.1f} {left:.0f} "
            f"{source + thick:.1f}Z"
        )
        fill, at = FILLS[n % len(FILLS)], max(y + thick / 2, y + 14)
        body.append(f'<path class="{fill}" opacity="0.45" d="{curve}"/>')
        body.append(f'<rect class="{fill}" x="{right:.0f}" y="{y:.1f}" width="8" height="{thick:.1f}"/>')
        body.append(f'<text class="chart__strong" x="{right + 16:.0f}" y="{at - 2:.1f}">{yen(part.share)}</text>')
        for m, line in enumerate(said[n]):
            body.append(f'<text x="{right + 16:.0f}" y="{at + 16 + LINE * m:.1f}">{escape(line)}</text>')
        source, y = source + thick, y + max(thick + GAP, slots[n])
    told = _("、").join(f"{part.word} {yen(part.share)}" for part in parts)
    title = _("いただいた1,000円の行き先")
    return Markup(  # noqa: S704 - numbers, words of this file and escaped text
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{title}</title><desc id="{name}-d">{escape(told)}</desc>'
        f"{''.join(body)}</svg>"
    )


def _lines(word: str, width: float) -> list[str]:
    """On one line or on two, and of those as much as has room beside the drawing; the table has it all."""
    room = 32 if width > 450 else 22
    first = fitting(word, room)
    if not first.endswith("…"):
        return [first]
    word, end = without_readings(word), len(first) - 1
    if found := BREAK.match(word, 0, end + 1):
        end = found.end()
    return [word[:end].rstrip(), fitting(word[end:].strip(), room)]
