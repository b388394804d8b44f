"""What a listing is, in the words that search engines read. https://schema.org/Product, https://schema.org/Offer"""

from __future__ import annotations

from typing import Any

from marketplace.kit.clock import jst
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.settings import Settings
from marketplace.storefront.cards import About

AVAILABLE = {
    ListingState.PUBLISHED: "PreOrder",
    ListingState.OPEN: "InStock",
}
"""Of https://schema.org/ItemAvailability; what is over is Discontinued."""


def product(listing: Listing, card: About, town: Settings) -> dict[str, Any]:
    right, here = listing.right, f"{town.base_url}/listings/{listing.code}"
    availability = AVAILABLE.get(listing.state, "Discontinued")
    if card.stopped:
        availability = "OutOfStock"
    elif availability == "InStock" and card.sold is not None and not card.remaining:
        availability = "SoldOut"
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": here,
        "price": card.yen if card.yen is not None else listing.price_yen,
        "priceCurrency": "JPY",
        "availability": f"https://schema.org/{availability}",
        "availabilityStarts": jst(listing.opens_at).isoformat(timespec="seconds"),
        "eligibleQuantity": {"@type": "QuantitativeValue", "maxValue": listing.per_person_limit},
        "seller": {"@type": "GovernmentOrganization", "name": town.town_name, "url": town.base_url},
    }
    if listing.closes_at is not None:
        offer["availabilityEnds"] = offer["priceValidUntil"] = jst(listing.closes_at).isoformat(timespec="seconds")
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": here,
        "name": right.title_ja,
        **({"alternateName": right.title_en} if right.title_en else {}),
        "description": right.lead_ja or right.title_ja,
        "sku": listing.code,
        "category": right.kind.ja,
        "image": town.base_url + card.picture,
        "brand": {"@type": "Brand", "name": town.town_name},
        **({"offers": offer} if listing.mode != Mode.GRANT else {}),  # that is not for sale
    }
