"""What the help of each command ends with: one or two lines that work as they stand."""

EVERYWHERE = (
    "Every command takes --json, --quiet, --verbose and --no-autostart too: `sticli --help`."
)

# the words that name a command → lines of a shell
EXAMPLES = {
    "new": ["sticli new market --limit 4096 --on-full slide", "sticli new copy --from market@-5m"],
    "append": [
        "tail -f feed.log | sticli append market",
        "sticli append market -- ACME rose to 131.25",
    ],
    "ask": [
        'sticli ask market "last price of ACME?"',
        "sticli ask market @last --max-age 5s",
        'sticli ask market "buy or sell?" --choices buy,sell',
    ],
    "flash": ['sticli flash add market "last symbol?" --id last', "sticli flash ls market"],
    "flash add": [
        'sticli flash add market "last symbol?" --id last',
        'sticli flash add market "buy or sell?" --id trade --choices buy,sell',
    ],
    "flash ls": ["sticli flash ls market"],
    "flash get": ["sticli flash get market last --wait --timeout 5s"],
    "flash rm": ["sticli flash rm market last"],
    "events": ["sticli events market --type answer"],
    "watch": ["sticli watch market", "sticli watch --once"],
    "ps": ["sticli ps", "sticli ps --json"],
    "show": ["sticli show market"],
    "explain": ["sticli explain market"],
    "log": ["sticli log market --lines 20 --follow"],
    "fork": ["sticli fork market whatif", "sticli fork market before --at 10:05:00"],
    "pin": ["sticli pin market"],
    "unpin": ["sticli unpin market"],
    "rm": ["sticli rm whatif --yes"],
    "calibrate": ["sticli calibrate market trade --truth truth.csv --precision 0.95"],
    "demo": ["sticli demo", "sticli demo --seconds 60 --rate 20"],
    "demo feed": ["sticli demo feed --truth truth.csv | sticli append service"],
    "demo train": ["sticli demo train --feed mine.py --out mine --minutes 60"],
    "bench": ["sticli bench all --quick", "sticli bench peers"],
    "bench stream": ["sticli bench stream --quick --output report"],
    "bench window": ["sticli bench window --quick"],
    "bench tenants": ["sticli bench tenants --tenants 1,8 --quick"],
    "bench flash": ["sticli bench flash --quick"],
    "bench overhead": ["sticli bench overhead --quick"],
    "bench agents": ["sticli bench agents --turns 4,8 --quick"],
    "bench all": ["sticli bench all --quick --output report"],
    "bench report": ["sticli bench report report.json"],
    "bench compare": ["sticli bench compare before.json after.json --fail"],
    "bench peers": ["sticli bench peers"],
    "bench kernels": ["sticli bench kernels --part kernels"],
    "model": ["sticli model pull hf:ORG/REPO:Q4_K_M", "sticli model ls"],
    "model ls": ["sticli model ls"],
    "model pull": ["sticli model pull hf:ORG/REPO:Q4_K_M"],
    "model inspect": ["sticli model inspect embedded"],
    "model use": ["sticli model use ~/models/my.gguf --restart"],
    "model verify": ["sticli model verify embedded"],
    "model rm": ["sticli model rm hf:ORG/REPO:Q4_K_M"],
    "plan": ["sticli plan ~/models/my.gguf --context 8192 --sessions 8"],
    "daemon": ["sticli daemon status", "sticli daemon logs --follow"],
    "daemon run": ["sticli daemon run"],
    "daemon start": ["sticli daemon start --model ~/models/my.gguf"],
    "daemon stop": ["sticli daemon stop"],
    "daemon restart": ["sticli daemon restart"],
    "daemon status": ["sticli daemon status --json"],
    "daemon logs": ["sticli daemon logs --follow"],
    "daemon install-service": ["sticli daemon install-service --dry-run"],
    "daemon uninstall-service": ["sticli daemon uninstall-service"],
    "config": ["sticli config show", "sticli config set threads 4"],
    "config path": ["sticli config path"],
    "config show": ["sticli config show"],
    "config get": ["sticli config get model"],
    "config set": ["sticli config set threads 4"],
    "config unset": ["sticli config unset threads"],
    "config edit": ["sticli config edit"],
    "doctor": ["sticli doctor"],
    "completion": ["sticli completion bash > ~/.local/share/bash-completion/completions/sticli"],
    "api": ["sticli api GET /v1/status"],
    "version": ["sticli version"],
}


def epilog(path: str) -> str:
    """What the help of the command that these words name ends with; \\b keeps lines apart."""
    lines = "".join(f"\n  {line}" for line in EXAMPLES.get(path, ()))
    return f"\b\nExamples:{lines}\n\n{EVERYWHERE}" if lines else EVERYWHERE
