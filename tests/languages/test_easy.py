"""Easy Japanese says how a hard word is read, once in a sentence, wherever the sentence stands."""

import re

from marketplace.kit.catalogues import path, read
from marketplace.kit.languages import Language

HARD = (
    *"権利 番号 記録 抽選 役場 結果 内容 代金 参加 交換 住所 期間 金額 取引 受付番号 公開".split(),
    *"署名 値段 順番 期限 相談 機械 応募 帳面 投票 契約 中止 場所 乱数 立会人 補欠 価格".split(),
    *"書類 法律 版 枠 計算 案 印刷 条件 点検 設定 鍵 公告 封 法人番号 選挙 決裁".split(),
    *"特定商取引法 住民票 正式 施設 残高 一覧 端末 提携先 政治 温泉 看板 銀行 入札 保証金".split(),
    *"落札 受付 特典 登録 職員 審査 協定 愛称 窓口 基金 還元金 手数料 販売 発行 返金 理由".split(),
    *"催し 確認 同意 当選 落選 開札 日程 削除 変更 訂正 承認 保管 会計 監査 終了 誓約書".split(),
    *"整理券 待合室 個人情報 命名権 領収書 連絡 都道府県".split(),
)
"""What the town hall says and few learners have met. A word that is written is found where no other kanji touches it."""
LEFT_ALONE = (
    "まちの権利(?=ひろば)",  # a name
    '<span class="code">[^<]*</span>|<[^>]*>|%\\(\\w+\\)s',
    "（[ぁ-んー]+：(?:[^（）]|（[^（）]*）)*）",  # what another word means
)
FOUND = re.compile("|".join((*LEFT_ALONE, "(?P<word>[一-龥々]+)")))


def bare(sentence: str) -> set[str]:
    """Hard words that have no reading where they come first. One in brackets is the name of what was said before it."""
    met, without = set[str](), set[str]()
    for found in FOUND.finditer(sentence):
        word, rest = found["word"], sentence[found.end() :]
        if word in HARD and word not in met:
            named = sentence[: found.start()].endswith("（") and rest.startswith("）")
            without |= set[str]() if named or re.match("（[ぁ-んー]", rest) else {word}
            met.add(word)
    return without


def test_a_hard_word_has_its_reading_where_it_comes_first() -> None:
    said = [each.said for each in read(path(Language.EASY).read_text("utf-8"))]
    assert {text: bare(text) for text in said if bare(text)} == {}


def test_a_word_is_bare_once_and_not_in_a_name_a_meaning_or_brackets() -> None:
    assert bare("抽選（ちゅうせん：くじ）の抽選") == set()
    assert bare("見る人（立会人）と、入札（にゅうさつ：金額を書いて買う人を決めること）") == set()
    assert bare("まちの権利ひろばの権利と、抽選番号と、抽選") == {"権利", "抽選"}
