"""Chains that are known by their numbers."""

TESTING_CHAINS = {1337, 31337}
"""Numbers that tools for tests give their chains: keys with these numbers in their signatures lie around everywhere."""
PUBLIC_CHAINS = {
    1: "Ethereum",
    10: "Optimism",
    56: "BNB",
    100: "Gnosis",
    137: "Polygon",
    146: "Sonic",
    250: "Fantom",
    324: "zkSync Era",
    592: "Astar",
    1101: "Polygon zkEVM",
    1868: "Soneium",
    5000: "Mantle",
    7777777: "Zora",
    8217: "Kaia",
    8453: "Base",
    42161: "Arbitrum One",
    42170: "Arbitrum Nova",
    42220: "Celo",
    43114: "Avalanche",
    59144: "Linea",
    81457: "Blast",
    248: "Oasys",
    29548: "MCH Verse",
    534352: "Scroll",
}
"""Where a stolen key is real money: the numbers of https://chainlist.org."""
