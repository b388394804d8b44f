"""Beginnings of a draft: one for each sale that a town makes again and again, in words that can be used as they are."""

from __future__ import annotations

from marketplace.listings.models import Mode
from marketplace.rights.models import Kind
from marketplace.staff.preset import Preset

Words = dict[str, str]

ALWAYS: list[Words] = [
    {"ja": "値上がりを約束するものではありません。", "en": "No rise in value is promised."},
    {
        "ja": "お名前や住所は、ブロックチェーンに書きこみません。",
        "en": "No name or address is written to the blockchain.",
    },
]
NAMING: list[Words] = [
    {
        "ja": "愛称は審査会で確かめます。公序良俗に反する名前、他の方の商標、政治や宗教の名前は付けられません。",
        "en": "Names are screened: nothing against public order, no trademarks of others, no politics or religion.",
    },
    {"ja": "条例で決めた正式な名前は変わりません。", "en": "The official name in the ordinance does not change."},
    {
        "ja": "名前を付けられるのは落札した方だけで、1回だけです。",
        "en": "Only the winning bidder may give the name, and once.",
    },
    {"ja": "入札は取り消せません。", "en": "Bids can't be taken back."},
]
NAMING_PERKS: list[Words] = [
    {"ja": "施設に愛称を付ける（審査があります）", "en": "Give the place its nickname (screened)"},
    {"ja": "入口の看板と、町の地図・広報紙への掲載", "en": "The name on the sign, the town map and the newsletter"},
    {"ja": "町長からの感謝状と、現地での贈呈式", "en": "Letter of thanks from the mayor, ceremony on site"},
]

SAME_PRICE = "同じ値段で多くの方にお渡しするもので、価格の競争になじまないため。"
SCREENED = "愛称の審査とあわせて相手方を決めるもので、価格だけの競争入札に適しないため。"
BY_TERMS = {"legal_basis": "unsuited", "basis_note": SAME_PRICE}
BY_CONTRACT = {"legal_basis": "unsuited", "basis_note": SCREENED}

PRESETS = {
    "resident": Preset(
        "デジタル住民票",
        "町を応援する方の会員証。抽選で、公平に。",
        {
            **BY_TERMS,
            "kind": Kind.RESIDENT,
            "mode": Mode.LOTTERY,
            "title_ja": "デジタル住民票 第4弾",
            "title_en": "Digital Resident, Fourth Edition",
            "lead_ja": "町の外から町を応援する方の、番号入りの会員証です。",
            "lead_en": "A numbered membership card for friends of the town.",
            "body_ja": "お持ちの方は、町の温泉に無料で入れます。"
            "町長との語り合いの会や、町のお題への投票にも参加できます。\n"
            "会員証は、スマートフォンの画面か、印刷した紙でお使いいただけます。",
            "body_en": "Holders bathe in the baths of the town for free. "
            "They can also join the talks with the mayor and vote on the town's questions.\n"
            "The card can be shown on a smartphone or printed on paper.",
            "perks": [
                {"ja": "町の温泉2館の入浴が無料（1日1回）", "en": "Free bathing at two town baths, once a day"},
                {"ja": "湧水のペットボトルを年に1本", "en": "One bottle of spring water a year"},
                {"ja": "町長との語り合いの会（毎月、オンライン）", "en": "Monthly online talk with the mayor"},
                {"ja": "町のお題への投票", "en": "A vote on the town's questions"},
            ],
            "terms": [
                {
                    "ja": "町が発行する会員証で、法律上の住民票や選挙権ではありません。",
                    "en": "A membership card of the town, not a legal resident record or a vote.",
                },
                *ALWAYS,
            ],
            "resale_rule_ja": "抽選の2週間後から、ゆずることができます。特典もいっしょに移ります。",
            "resale_rule_en": "It can be passed on from two weeks after the draw. The perks go with it.",
            "transferable": True,
            "royalty_bps": 500,
            "price_yen": 1_000,
            "quantity": 300,
            "per_person_limit": 1,
            "picture_alt": "雪の夜の町並みと、月に照らされた山",
            "art_seed": 107,
        },
        draw=2,
        tradable=14,
    ),
    "card": Preset(
        "キャラクタートレカ",
        "絵柄を選んで、すぐに買える番号入りのカード。",
        {
            **BY_TERMS,
            "kind": Kind.CARD,
            "mode": Mode.FIXED,
            "title_ja": "山菜トレカ「ふきのとうのフキ」",
            "title_en": "Wild Greens Card: Fuki the Butterbur",
            "lead_ja": "雪どけの山から顔を出す、春いちばんの山菜のカードです。",
            "lead_en": "A card of the first green that looks out of the melting snow.",
            "body_ja": "カードには1枚ずつ番号が入ります。番号はお選びいただけません。",
            "body_en": "Each card has a number of its own. The number cannot be chosen.",
            "perks": [{"ja": "道の駅で缶バッジを1個", "en": "One pin badge at the roadside station"}],
            "terms": [
                {
                    "ja": "絵柄を選んで買えます。くじ引きの販売はしません。",
                    "en": "You choose the card; no random packs.",
                },
                {"ja": "カードを集めても、景品は出ません。", "en": "No prize for completing a set."},
                *ALWAYS,
            ],
            "resale_rule_ja": "どなたにでもゆずれます。",
            "resale_rule_en": "It can be passed on to anybody.",
            "transferable": True,
            "royalty_bps": 1_000,
            "uses_per_token": 1,
            "price_yen": 1_000,
            "quantity": 100,
            "per_person_limit": 5,
            "picture_alt": "花のかんむりをつけた、ふきのとうのキャラクター",
            "art_seed": 216,
        },
        closes=None,
    ),
    "lecture": Preset(
        "講演権・相談権",
        "町長や職員の話を聞く権利。回数で使えます。",
        {
            **BY_TERMS,
            "kind": Kind.LECTURE,
            "mode": Mode.FIXED,
            "title_ja": "町長の講演・相談 12回",
            "title_en": "Twelve Lectures or Consultations by the Mayor",
            "lead_ja": "自治体・学校・企業の皆さまへ。町の取り組みを、町長が1回60分お話しします。",
            "lead_en": "For municipalities, schools and companies: the mayor speaks for 60 minutes.",
            "body_ja": "講演にも、オンラインの相談にも使えます。日程は、お買い上げのあとでご相談して決めます。",
            "body_en": "It can be used for a lecture or for a consultation online. "
            "The dates are arranged after the purchase.",
            "perks": [
                {"ja": "町長の講演または相談（60分）12回", "en": "Twelve lectures or consultations of 60 minutes"}
            ],
            "terms": [
                {
                    "ja": "日程は購入のあとで調整します。交通費は依頼された方の負担です。",
                    "en": "Dates are agreed afterwards; travel is paid by the host.",
                },
                {"ja": "政治活動や選挙運動のためには使えません。", "en": "Not for political or election activity."},
                {"ja": "24か月のあいだ使えます。", "en": "Good for 24 months."},
                *ALWAYS,
            ],
            "resale_rule_ja": "ゆずると、残りの回数もいっしょに移ります。",
            "resale_rule_en": "When it is passed on, the sessions that are left go with it.",
            "transferable": True,
            "royalty_bps": 500,
            "term_months": 24,
            "uses_per_token": 12,
            "price_yen": 500_000,
            "quantity": 5,
            "per_person_limit": 1,
            "picture_alt": "山の絵を背に、聴衆に語りかける町長",
            "art_seed": 309,
        },
        closes=180,
    ),
    "park": Preset(
        "命名権（公園）",
        "公園に愛称を付ける権利。オークションで。",
        {
            **BY_CONTRACT,
            "kind": Kind.NAMING,
            "mode": Mode.ASCENDING,
            "title_ja": "湖畔の公園 命名権（3年間）",
            "title_en": "Naming Right: Lakeside Park (three years)",
            "lead_ja": "桜の名所の公園に、あなたの名前を付けられます。",
            "lead_en": "Give your name to a park that is known for its cherry trees.",
            "body_ja": "愛称は3年間、看板・町の地図・広報紙に載ります。期間は、契約の日から数えます。",
            "body_en": "For three years the name stands on the sign, on the town's map and in its newsletter, "
            "counted from the day of the contract.",
            "perks": NAMING_PERKS,
            "terms": [*NAMING, *ALWAYS],
            "resale_rule_ja": "ゆずることはできますが、ゆずり受けた方は名前を付けられません。",
            "resale_rule_en": "It can be passed on, but a later holder cannot give a name.",
            "transferable": True,
            "royalty_bps": 500,
            "term_months": 36,
            "price_yen": 100_000,
            "quantity": 1,
            "per_person_limit": 1,
            "picture_alt": "桜の咲く公園と、雪の残る山",
            "art_seed": 405,
        },
        tradable=32,
    ),
    "canoe": Preset(
        "命名権（カヌーセンター）",
        "施設に愛称を付ける権利。オークションで。",
        {
            **BY_CONTRACT,
            "kind": Kind.NAMING,
            "mode": Mode.ASCENDING,
            "title_ja": "カヌーセンター 命名権（5年間）",
            "title_en": "Naming Right: Canoe Centre (five years)",
            "lead_ja": "水没林をめぐるカヌーの出発点に、あなたの名前を付けられます。",
            "lead_en": "Give your name to the place where canoes set out into the flooded forest.",
            "body_ja": "愛称は5年間、建物の看板・町の地図・予約のページに載ります。期間は、契約の日から数えます。",
            "body_en": "For five years the name stands on the building, on the town's map and on the booking page, "
            "counted from the day of the contract.",
            "perks": [*NAMING_PERKS, {"ja": "カヌー体験を年に10名さま", "en": "Canoe trips for ten guests a year"}],
            "terms": [*NAMING, *ALWAYS],
            "resale_rule_ja": "ゆずることはできますが、ゆずり受けた方は名前を付けられません。",
            "resale_rule_en": "It can be passed on, but a later holder cannot give a name.",
            "transferable": True,
            "royalty_bps": 500,
            "term_months": 60,
            "price_yen": 300_000,
            "quantity": 1,
            "per_person_limit": 1,
            "picture_alt": "紅葉の湖をわたる、2人乗りのカヌー",
            "art_seed": 410,
        },
        tradable=32,
    ),
    "experience": Preset(
        "体験権",
        "日にちの決まった体験。先着順で、席の数だけ。",
        {
            **BY_TERMS,
            "kind": Kind.EXPERIENCE,
            "mode": Mode.FIXED,
            "title_ja": "雪おろし体験 1日",
            "title_en": "A Day of Clearing Snow",
            "lead_ja": "町の人といっしょに屋根の雪をおろし、温泉と夕食で一日を終えます。",
            "lead_en": "Clear a roof of snow with people of the town; a bath and supper end the day.",
            "body_ja": "道具はお貸しします。天気により中止するときは、別の日にご案内します。",
            "body_en": "Tools are lent. If the weather does not allow it, we offer another day.",
            "perks": [{"ja": "雪おろし体験・温泉・夕食（1名）", "en": "Clearing snow, bath and supper for one"}],
            "terms": [
                {"ja": "18歳以上の方が参加できます。", "en": "For those of 18 and over."},
                {"ja": "当日お越しにならないときは、使ったものとします。", "en": "Who does not come has used it."},
                *ALWAYS,
            ],
            "resale_rule_ja": "体験の日の14日前まで、ゆずることができます。",
            "resale_rule_en": "It can be passed on until 14 days before the day.",
            "transferable": True,
            "royalty_bps": 500,
            "uses_per_token": 1,
            "price_yen": 5_000,
            "quantity": 20,
            "per_person_limit": 2,
            "picture_alt": "晴れた冬の日、屋根の雪をおろす人たち",
            "art_seed": 501,
        },
    ),
    "certificate": Preset(
        "証明書",
        "町が認めた方にお渡しする、ゆずれない証明。",
        {
            "legal_basis": "ordinance",
            "basis_note": "町の交付要綱による。",
            "kind": Kind.CERTIFICATE,
            "mode": Mode.GRANT,
            "title_ja": "山菜トレカ 公認クリエイター証",
            "title_en": "Certificate of a Town Card Creator",
            "lead_ja": "公募で選ばれた作品の作り手であることを、町が証明します。",
            "lead_en": "The town certifies the maker of a work chosen from an open call.",
            "body_ja": "証明書は、作り手ご本人のものです。町の広報とトレカのページにお名前を載せることができます。",
            "body_en": "The certificate belongs to its maker alone. "
            "The maker's name can be shown in the newsletter and on the card's page.",
            "perks": [{"ja": "採用された作品のカード3枚", "en": "Three of the adopted cards"}],
            "terms": [
                {"ja": "ゆずることはできません。", "en": "It can't be given away."},
                ALWAYS[1],
            ],
            "resale_rule_ja": "ゆずることはできません。",
            "resale_rule_en": "It cannot be passed on.",
            "transferable": False,
            "royalty_bps": 0,
            "price_yen": 0,
            "quantity": 5,
            "per_person_limit": 1,
            "picture_alt": "一筆で描いた山なみと、赤い印",
            "art_seed": 611,
        },
        closes=None,
    ),
}
