"""Faults of the keys that sign on the chain: see faults.py for what a line holds."""

LINES = (
    (
        "keys.open_to_others",
        "bad",
        "others on this machine may read {file} (mode {mode})",
        "chmod 600 {file}; if somebody may have read it, change what is in it (docs/operate.md, secrets).",
        "秘密のファイル {file} を、この機械のほかの利用者も読めます",
        "chmod 600 {file} を実行し、読まれたおそれがあれば中身を替えてください。",
    ),
    (
        "keys.missing",
        "bad",
        "the key of {role} ({known}) is not in {place}: nothing can be signed for {role}",
        "Put DATA_DIR/keys back from the backup of the secrets. "
        "If the database is of before this key was replaced: python -m marketplace rekey {role}",
        "「{role}」の署名の鍵がありません",
        "秘密のバックアップから、keys フォルダを戻してください。",
    ),
    (
        "keys.other",
        "bad",
        "the key of {role} is {address}, and the books know {known}",
        "Put the right key file (or SIGNER_ADDRESSES) back: the contracts know that address alone. "
        "To go on with another key, let them know it: python -m marketplace rekey {role}",
        "「{role}」の署名の鍵が、帳面のものと違います",
        "正しい鍵に戻してください。鍵を替えるときは、python -m marketplace rekey {role} を実行してください。",
    ),
    (
        "keys.other_seal",
        "bad",
        "the bids of {auction} do not open: they were sealed with another BID_KEY (SECRET_KEY, where it is empty)",
        "Set BID_KEY to the former one, or to the former SECRET_KEY where BID_KEY was empty; restart web and worker.",
        "オークション {auction} の入札を開けません。封の鍵（BID_KEY）が、入札のときのものと違います",
        "BID_KEY を前の値に戻して、起動しなおしてください。",
    ),
    (
        "keys.changing",
        "bad",
        "the key of {role} is being replaced, and that is not finished: the old one may still act",
        "Run it again, it goes on where it was: python -m marketplace rekey {role} "
        "(with --abandon where the new key, which does not sign yet, shall not be the one)",
        "「{role}」の署名の鍵の交換が、まだ終わっていません",
        "python -m marketplace rekey {role} を、もう一度実行してください。続きから進みます。",
    ),
    (
        "keys.misused",
        "bad",
        "somebody else signs with the key of {role} ({address}): {count} transactions on the chain are not ours. "
        "Rights in such transactions: {rights}",
        "docs/operate.md, When a key has leaked: stop the contracts (python -m marketplace pause), replace the key. "
        "Only if the town did it itself, by a wallet or before its database was put back: "
        "python -m marketplace vouch {role}",
        "「{role}」の鍵（{address}）が、町でないだれかに使われています（{count} 件。動いた権利の番号：{rights}）",
        "鍵がもれた疑いがあります。すぐにシステムの担当に知らせてください。"
        "python -m marketplace pause で、権利が動くのを止められます。",
    ),
    (
        "keys.no_role",
        "bad",
        "the key of {role} ({address}) has not {power} in {name}: what it signs is refused",
        "The database is of before this key was replaced, or somebody else took the role from it. "
        "Replace the key: python -m marketplace rekey {role}",
        "「{role}」の鍵（{address}）に、{name} での役割（{power}）がありません",
        "python -m marketplace rekey {role} を実行して、新しい鍵に替えてください。",
    ),
    (
        "keys.stray",
        "bad",
        "{address} has {power} in {name}, and is no key of the town",
        "It is a key that a database which was put back has forgotten, or somebody whom a thief let in. "
        "To replace the key of {role} takes the role from all others: python -m marketplace rekey {role}",
        "町の鍵でないもの（{address}）が、{name} での役割（{power}）を持っています",
        "python -m marketplace rekey {role} を実行すると、ほかのものから役割を取り上げます。"
        "心当たりがなければ、鍵がもれた疑いがあります。",
    ),
    (
        "keys.locked",
        "bad",
        "KEY_PASSWORD does not open {file}",
        "Set the KEY_PASSWORD under which the keys were made.",
        "署名の鍵を開けません（KEY_PASSWORD が違います）",
        "鍵を作ったときの KEY_PASSWORD を設定してください。",
    ),
    (
        "keys.weak",
        "bad",
        "{why}",
        "Set KEY_PASSWORD (and make new keys) or use a signing service (SIGNER_URL).",
        "公開のブロックチェーンで使うには、鍵の守りが足りません",
        "KEY_PASSWORD を設定するか、署名サービス（SIGNER_URL）を使ってください。",
    ),
    (
        "keys.no_signer",
        "bad",
        "the signing service does not answer: {why}",
        "Is the service at SIGNER_URL up? What was promised waits, and is signed by itself later.",
        "署名サービスが答えません（{why}）",
        "SIGNER_URL のサービスが動いているかを確かめてください。待っているものは、あとで自動で署名されます。",
    ),
)
