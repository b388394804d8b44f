// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RightsToken} from "../src/RightsToken.sol";
import {UsageRegistry} from "../src/UsageRegistry.sol";
import {ResaleMarket} from "../src/ResaleMarket.sol";
import {TestYen} from "../src/TestYen.sol";

/// @dev What these tests ask of forge: https://getfoundry.sh/reference/cheatcodes/overview
interface Vm {
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function assume(bool condition) external pure;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata reason) external;
    function assertEq(uint256 left, uint256 right) external pure;
    function assertEq(address left, address right) external pure;
    function assertEq(bool left, bool right) external pure;
    function assertLe(uint256 left, uint256 right) external pure;
    function assertTrue(bool condition) external pure;
}

/// @title A deployed town in which every role has an address of its own
abstract contract Town {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant NOON = 1_800_000_000;
    uint32 internal constant FAR = 4_000_000_000;

    address internal constant ADMIN = address(0xA1);
    address internal constant ISSUER = address(0xA2);
    address internal constant CUSTODIAN = address(0xA3);
    address internal constant REDEEMER = address(0xA4);
    address internal constant PAUSER = address(0xA5);
    address internal constant FUND = address(0xA6);

    RightsToken internal rights;
    UsageRegistry internal uses;
    ResaleMarket internal market;
    TestYen internal yen;

    function setUp() public virtual {
        vm.warp(NOON);
        rights = new RightsToken("Rights", "RGT", ADMIN, 3 days, FUND, "");
        uses = new UsageRegistry(rights, ADMIN, 3 days);
        yen = new TestYen(address(this));
        market = new ResaleMarket(rights, uses, yen, ADMIN, 3 days);
        _grant(rights.ISSUER_ROLE(), ISSUER);
        _grant(rights.METADATA_ROLE(), ISSUER);
        _grant(rights.CUSTODIAN_ROLE(), CUSTODIAN);
        _grant(rights.PAUSER_ROLE(), PAUSER);
        bytes32 redeemer = uses.REDEEMER_ROLE();
        vm.prank(ADMIN);
        uses.grantRole(redeemer, REDEEMER);
        bytes32 custodian = market.CUSTODIAN_ROLE();
        vm.prank(ADMIN);
        market.grantRole(custodian, CUSTODIAN);
    }

    function _grant(bytes32 role, address who) private {
        vm.prank(ADMIN);
        rights.grantRole(role, who);
    }

    function terms(uint32 maxSupply) internal pure returns (RightsToken.Terms memory) {
        return RightsToken.Terms({
            maxSupply: maxSupply,
            usesPerToken: 0,
            royaltyBps: 500,
            validUntil: 0,
            tradableFrom: 0,
            kind: RightsToken.Kind.CARD,
            transferable: true,
            revocable: false,
            termsHash: bytes32(uint256(1))
        });
    }

    function open(uint256 seriesId, RightsToken.Terms memory t) internal {
        vm.prank(ISSUER);
        rights.createSeries(seriesId, t, "ipfs://series/");
    }

    /// @return tokenId the right that was issued
    function issue(uint256 seriesId, uint32 serial, address to) internal returns (uint256 tokenId) {
        RightsToken.Issue[] memory items = new RightsToken.Issue[](1);
        items[0] = RightsToken.Issue(to, serial, bytes32(uint256(serial)));
        vm.prank(ISSUER);
        rights.issueBatch(seriesId, items);
        return seriesId * rights.SERIAL_SPACE() + serial;
    }

    function rich(address who, uint256 amount) internal {
        yen.mint(who, amount);
        vm.prank(who);
        yen.approve(address(market), type(uint256).max);
    }

    /// @dev `low` … `high`, both included.
    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + x % (high - low + 1);
    }
}
