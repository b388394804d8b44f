"""個人情報の台帳: each column that holds personal data, why, by what law, for how long, and who sees it.

The public page, the staff's register, the draft of the file register (個人情報の保護に関する法律75条1項) and the
exports that people ask for are made from this one table. A column of text that is neither here nor known to be of no
person fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marketplace.accounts.models import Role
from marketplace.kit.languages import _
from marketplace.settings import settings

LAW = "個人情報の保護に関する法律61条1項（法令の定める事務のため）"
ACCOUNTS = "地方自治法210条・233条、町の文書管理規程（会計書類）"
VERSIONS = (
    (1, date(2026, 11, 1), "はじめての版"),
    (
        2,
        date(2026, 12, 1),
        "領収書の宛名、入札に参加できない方の名簿、特典・愛称・講演の記録が消える日を、くわしく書いた",
    ),
)
"""(number, since, what changed) of the policy, the oldest first. Whoever changes what is kept of people adds a line."""


@dataclass(frozen=True)
class File:
    """One 個人情報ファイル. `columns` are 'table.column' with the name by which people know the item."""

    key: str
    title: str
    purpose: str
    basis: str
    scope: str
    gathered: str
    keeps: str
    seen_by: tuple[Role, ...]
    given_to: str
    columns: dict[str, str]

    @property
    def items(self) -> list[str]:
        """記録項目, each once, in order."""
        return list(dict.fromkeys(self.columns.values()))

    @property
    def tables(self) -> list[str]:
        return list(dict.fromkeys(column.partition(".")[0] for column in self.columns))


def _of(table: str, **columns: str) -> dict[str, str]:
    return {f"{table}.{name}": word for name, word in columns.items()}


FILES = (
    File(
        key="members",
        title="利用者登録ファイル",
        purpose="ログイン、ご連絡、権利のおあずかりとお渡しのため",
        basis=LAW,
        scope="まちの権利ひろばにログインした方",
        gathered="本人が画面に入力",
        keeps="本人が削除するまで。ログインの番号と、終わらなかったアドレスの変更は1日、ログイン中の端末は30日、書き出したファイルは7日",
        seen_by=(Role.TREASURY, Role.APPROVER, Role.COUNTER),
        given_to="なし",
        columns={
            **_of("accounts", email="メールアドレス", name="氏名", nickname="ニックネーム"),
            **_of("accounts", prefecture="お住まいの都道府県", phone="携帯電話番号"),
            **_of("accounts", code="お客さま番号", custody_id="おあずかり番号"),
            **_of("sign_ins", device="端末の種類"),
            **_of("sign_in_codes", email="メールアドレス"),
            **_of("address_changes", old_email="前のメールアドレス", new_email="新しいメールアドレス"),
            **_of("address_changes", why="本人を確かめた方法"),
            **_of("phone_codes", number="携帯電話番号"),
            **_of("passkeys", name="パスキーの名前", credential_id="パスキーの番号", public_key="パスキーの公開鍵"),
            **_of("outside_identities", issuer="ほかのサービスの名前", subject="ほかのサービスでの番号"),
            **_of("wallets", address="ウォレットの住所", message="ウォレットの証明", signature="ウォレットの証明"),
            **_of("custody_addresses", address="おあずかりの住所"),
            **_of("stored_bytes", data="書き出したファイル"),
        },
    ),
    File(
        key="staff",
        title="職員名ファイル",
        purpose="だれが決めたかを、記録に示すため",
        basis=LAW,
        scope="まちの権利ひろばの職員と、職員だった方",
        gathered="管理の職員が登録",
        keeps="操作の記録とともに、期限なく",
        seen_by=tuple(Role),
        given_to="なし",
        columns=_of("staff_names", name="職員としての氏名"),
    ),
    File(
        key="payments",
        title="注文・お支払いファイル",
        purpose="代金の収納、返金、会計の証拠のため",
        basis=ACCOUNTS,
        scope="注文または保証金の手続きをした方",
        gathered="本人が画面に入力。カードの番号は決済会社が受け取り、町には届きません",
        keeps="会計年度の終わりから{accounting}年",
        seen_by=(Role.TREASURY, Role.APPROVER, Role.COUNTER),
        given_to="決済会社 Stripe（メールアドレスと金額）",
        columns={
            **_of("payments", email="メールアドレス", params="決済の内容"),
            **_of("saved_cards", email="メールアドレス", params="決済の内容", customer_id="決済会社での番号"),
            **_of("saved_cards", method_id="決済会社での番号", fingerprint="カードの照合番号"),
            **_of("saved_cards", brand="カードの種類", last4="カードの下4けた"),
            **_of("receipt_prints", addressee="領収書の宛名"),
        },
    ),
    File(
        key="entries",
        title="抽選応募者ファイル",
        purpose="抽選、重複した応募の確認、結果のお知らせのため",
        basis=LAW,
        scope="抽選に応募した方",
        gathered="本人または家族が画面に入力、電話・窓口での聞き取り",
        keeps="公告で示した日まで（抽選から数えて）。当選して購入した方は、会計書類とともに",
        seen_by=(Role.DRAFTER, Role.APPROVER, Role.COUNTER),
        given_to="なし",
        columns={
            **_of("applicants", name="氏名", kana="ふりがな", address="住所", phone="電話番号", relation="続柄"),
            **_of("entries", no="受付番号", person_key="重複の照合番号", phone_key="重複の照合番号"),
            **_of("entries", card_key="重複の照合番号"),
        },
    ),
    File(
        key="participants",
        title="入札参加者ファイル",
        purpose="入札・せり売りの参加の資格の確認、契約のため",
        basis="地方自治法234条、同施行令167条の4・167条の5",
        scope="オークション・入札に参加を申し込んだ方",
        gathered="本人が画面に入力、書類の提出",
        keeps="落札しなかった方は出品の終了から1年。落札した方は会計書類とともに。書類は終了から{enclosures}日",
        seen_by=(Role.DRAFTER, Role.APPROVER),
        given_to="なし",
        columns={
            **_of("participations", name="氏名", address="住所", phone="電話番号", company="会社名"),
            **_of("participations", representative="代表者", corporate_no="法人番号", no="入札者番号"),
            **_of("participations", reason="お断りの理由", code="参加申込の番号"),
            **_of("stored_bytes", data="提出された書類"),
            **_of("bidders", no="入札者番号"),
            **_of("bids", bidder_no="入札者番号"),
            "bids.secret": "入札の内容",
        },
    ),
    File(
        key="exclusions",
        title="入札参加除外者ファイル",
        purpose="入札に参加できない方の確認のため",
        basis="地方自治法施行令167条の4、暴力団排除条例",
        scope="参加できないと町が決めた方",
        gathered="町の決定、関係機関からの通知",
        keeps="除外の期間が終わるまで",
        seen_by=(Role.DRAFTER, Role.APPROVER),
        given_to="なし",
        columns=_of("exclusions", name="氏名・名称", corporate_no="法人番号", why="除外の理由", code="除外の番号"),
    ),
    File(
        key="letters",
        title="お知らせの控えファイル",
        purpose="お送りした内容の確認、お問い合わせへの返事のため",
        basis=LAW,
        scope="お知らせをお送りした方",
        gathered="町がお送りするときに記録",
        keeps="お送りしてから2年",
        seen_by=(Role.DRAFTER, Role.COUNTER),
        given_to="メールの配送にかかわる事業者",
        columns={
            **_of("notices", to_email="メールアドレス", subject="お知らせの件名", body="お知らせの本文"),
            **_of("gifts", to_email="贈る相手のメールアドレス"),
        },
    ),
    File(
        key="uses",
        title="特典の利用の記録ファイル",
        purpose="のこりの回数の計算、提携先への補填、まちがいの確認のため",
        basis=LAW,
        scope="特典を使った方（お名前はなく、権利の番号で記録します）",
        gathered="提携先の窓口の画面、町の窓口",
        keeps="会計年度の終わりから{accounting}年。端末の鍵とカードは、使えなくなってから1か月。回数の決まった特典の"
        "利用は、権利の番号だけを権利とともに。投票の名簿は、投票の記録とともに",
        seen_by=(Role.DRAFTER, Role.APPROVER, Role.TREASURY),
        given_to="なし（提携先へは、番号のない月ごとの回数）",
        columns={
            **_of("perk_uses", plan_name="使った特典", period="使った時期", proof="パスの照合番号"),
            **_of("perk_certificates", device_key="端末の鍵", holder_address="おあずかりの住所"),
            **_of("perk_cards", pin_hash="カードの暗証番号の照合用", holder_address="おあずかりの住所"),
            **_of("perk_looks", note="確かめた内容"),
            **_of("poll_voices", holder_address="おあずかりの住所"),
        },
    ),
    File(
        key="namings",
        title="愛称の提案ファイル",
        purpose="愛称の審査、協定、公表のため",
        basis="地方自治法234条、町の命名権に関する要綱",
        scope="命名権を購入した方、名前の表示を希望した保有者",
        gathered="本人が画面に入力、審査会の記録",
        keeps="協定の期間が終わった会計年度の終わりから{accounting}年。公表した愛称と審査の概要は、そのあとも",
        seen_by=(Role.DRAFTER, Role.APPROVER),
        given_to="なし（決まった愛称と審査の概要は公表します）",
        columns={
            **_of("namings", name="愛称", reading="愛称の読み", meaning="愛称の意味", renewal="更新の相談"),
            **_of("proposed_names", name="愛称の案", reading="案の読み", meaning="案の意味", reason="お断りの理由"),
            **_of("proposed_names", checks="審査の項目"),
            **_of("naming_appeals", text="不服の申し出"),
            **_of("naming_shown_names", name="表示する名前", stopped="表示を止めた理由"),
            **_of("naming_revocations", reason="取り消しの理由"),
            **_of("screenings", members="審査会の出席者", minutes="審査会の記録", public_minutes="審査の概要"),
            **_of("screenings", results="審査の結果"),
        },
    ),
    File(
        key="meetings",
        title="講演・相談の記録ファイル",
        purpose="日程の調整、実施の確認のため",
        basis=LAW,
        scope="講演・相談の日程を申し込んだ方、お話しする方",
        gathered="本人が画面に入力、町の記録",
        keeps="実施した会計年度の終わりから{accounting}年。お話しする方の氏名は、日程の番号とともに",
        seen_by=(Role.DRAFTER, Role.APPROVER, Role.COUNTER),
        given_to="なし",
        columns={
            **_of(
                "appointments",
                topic="ご相談の内容",
                place="場所",
                entrance="オンラインの入り方",
                reason="お断り・変更の理由",
                objection="申し出の内容",
            ),
            **_of("appointments", code="日程の番号"),
            **_of("lecturers", name="お話しする方の氏名"),
            **_of("lecturer_absences", why="使えない理由"),
            **_of("creators", name="クリエイターの名前"),
        },
    ),
    File(
        key="guests",
        title="催し・来町・交換の記録ファイル",
        purpose="催しの席のご案内、来町スタンプ、カードの交換、作品の利用の許諾のため",
        basis=LAW,
        scope="催しに申し込んだ方、来町スタンプを押した方、カードを交換する方、公認クリエイターの方",
        gathered="本人が画面に入力、提携先での読み取り",
        keeps="交換の相手のメールアドレスはお返事まで（30日以内）。来町スタンプと催しの予約は、その月の終わりから3年"
        "（月ごとの人数だけ残します）。ほかは、登録の削除でどなたのものかわからなくなるまで",
        seen_by=(Role.DRAFTER, Role.APPROVER, Role.COUNTER),
        given_to="なし。ふるさと住民登録には、同意した方だけ",
        columns={
            **_of("swaps", to_email="交換の相手のメールアドレス", code="交換の番号"),
            **_of("rsvps", code="催しの予約番号"),
            **_of("visits", right_ids="来町のときにお持ちの権利"),
            **_of("creators", name="クリエイターの名前", code="クリエイターの番号"),
        },
    ),
    File(
        key="witnesses",
        title="立会人の記録",
        purpose="抽選・開札に立ち会った方の記録のため",
        basis="地方自治法施行令167条の8",
        scope="抽選・開札の立会人",
        gathered="立会人の申し出",
        keeps="抽選・入札の記録とともに",
        seen_by=(Role.DRAFTER, Role.APPROVER),
        given_to="なし",
        columns={
            **_of("auctions", witnesses="立会人の氏名", tie_witnesses="立会人の氏名"),
            **_of("draws", witnesses="立会人の氏名"),
        },
    ),
)


def filled(words: str) -> str:
    """Words about time with the numbers that this town has set."""
    town = settings()
    return _(words).format(accounting=town.accounting_kept_years, enclosures=town.enclosures_kept_days)


def columns() -> dict[str, File]:
    """{'table.column': the file it belongs to}."""
    return {column: file for file in FILES for column in file.columns}
