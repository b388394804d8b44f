"""Ponder, the indexer that most people use, on the same chain: one row for each log, as our own follower keeps them.

It is installed from npm beside the other caches, outside the repository's own lock. Its boot is not counted: time and
processor time run from the line in which it says that it begins until the one in which it says that it is done.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.serving import ROOT, free_port

VERSION = "0.16.10"
PACKAGES = (f"ponder@{VERSION}", "viem@2.57.20", "hono@4.13.19", "typescript@5.9.3")
FOLDER = ROOT / ".cache" / f"ponder-{VERSION}"
BEGINS, ENDS = "Started backfill indexing", "Completed indexing across all chains"
SECONDS = 600

FILES = {
    "package.json": '{ "private": true, "type": "module" }',
    "ponder.config.ts": """
import { readFileSync } from "node:fs";
import { createConfig } from "ponder";
const task = JSON.parse(readFileSync("task.json", "utf8"));
const { abi, address, first: startBlock, last: endBlock } = task;
export default createConfig({
  chains: { town: { id: task.chainId, rpc: task.url, disableCache: true } },
  contracts: { Rights: { chain: "town", abi, address, startBlock, endBlock } },
});
""",
    "ponder.schema.ts": """
import { onchainTable } from "ponder";
export const log = onchainTable("log", (t) => ({
  id: t.text().primaryKey(),
  block: t.bigint().notNull(),
  at: t.bigint().notNull(),
  tx: t.hex().notNull(),
  name: t.text().notNull(),
  tokenId: t.bigint().notNull(),
  from: t.hex(),
  to: t.hex().notNull(),
  ref: t.hex(),
}));
""",
    "src/index.ts": """
import { ponder } from "ponder:registry";
import { log } from "ponder:schema";
const keep = (name: string) => async ({ event, context }: any) => {
  const { block, transaction, id, args } = event;
  await context.db.insert(log).values({
    id, name, block: block.number, at: block.timestamp, tx: transaction.hash,
    tokenId: args.tokenId, from: args.from, to: args.to, ref: args.ref,
  });
};
ponder.on("Rights:Transfer", keep("Transfer"));
ponder.on("Rights:RightIssued", keep("RightIssued"));
""",
    "src/api/index.ts": """
import { Hono } from "hono";
export default new Hono();
""",
}


class Run(NamedTuple):
    events: int
    wall: float
    processor: float
    """Seconds."""


class CannotRun(Exception):
    """Why there is no Ponder on this machine."""


def install() -> None:
    """Once; a finished installation is found again. Raises CannotRun."""
    if (FOLDER / "done").exists():
        return
    if shutil.which("npm") is None:
        raise CannotRun("npm is not on PATH")
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER), *PACKAGES]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise CannotRun(f"npm install: {ended.stderr.strip().splitlines()[-1:]}")
    (FOLDER / "done").touch()


def index(url: str, chain_id: int, address: str, abi: list[Mapping[str, Any]], first: int, last: int) -> Run:
    """Index the blocks first to last from nothing. Raises CannotRun."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name, text in FILES.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text)
        task = {"url": url, "chainId": chain_id, "address": address, "abi": abi, "first": first, "last": last}
        (here / "task.json").write_text(json.dumps(task))
        (here / "node_modules").symlink_to(FOLDER / "node_modules")
        program = [str(FOLDER / "node_modules" / "ponder" / "dist" / "esm" / "bin" / "ponder.js"), "start"]
        options = ["--schema", "measured", "--port", str(free_port()), "--log-format", "json"]
        env = {**os.environ, "PONDER_TELEMETRY_DISABLED": "1"}
        process = subprocess.Popen(
            ["node", *program, *options], cwd=here, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            return _watched(process)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _watched(process: "subprocess.Popen[str]") -> Run:
    assert process.stdout is not None
    began = used = events = 0.0
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        try:
            told = json.loads(line)
        except ValueError:
            continue
        message = told.get("msg", "")
        events += told.get("event_count", 0) if message.startswith("Indexed block") else 0
        if message == BEGINS:
            began, used = told["time"] / 1000, _processor(process.pid)
        if message == ENDS:
            return Run(int(events), told["time"] / 1000 - began, _processor(process.pid) - used)
    raise CannotRun(f"it ended before it was done: {''.join(said[-3:]).strip()}")


def _processor(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
