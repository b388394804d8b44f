// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {RightsToken} from "../src/RightsToken.sol";
import {ResaleMarket} from "../src/ResaleMarket.sol";
import {UsageRegistry} from "../src/UsageRegistry.sol";
import {Town} from "./Town.t.sol";

/// @title What holds for every number, date and address that a caller may think of
contract Fuzz is Town {
    address private constant HANAKO = address(0xB1);
    address private constant JIRO = address(0xB2);

    function testFuzz_a_batch_issues_each_serial_once_whatever_is_in_it(uint32[] calldata serials) external {
        uint32 maxSupply = 40;
        open(1, terms(maxSupply));
        RightsToken.Issue[] memory items = new RightsToken.Issue[](serials.length);
        bool[] memory seen = new bool[](maxSupply + 1);
        uint256 distinct;
        for (uint256 i; i < serials.length; ++i) {
            uint32 serial = uint32(bound(serials[i], 1, maxSupply));
            items[i] = RightsToken.Issue(i % 2 == 0 ? HANAKO : JIRO, serial, bytes32(i));
            if (!seen[serial]) ++distinct;
            seen[serial] = true;
        }
        vm.prank(ISSUER);
        vm.assertEq(rights.issueBatch(1, items), distinct);
        vm.prank(ISSUER);
        vm.assertEq(rights.issueBatch(1, items), 0);
        vm.assertEq(rights.series(1).minted, distinct);
        vm.assertEq(rights.balanceOf(HANAKO) + rights.balanceOf(JIRO), distinct);
    }

    function testFuzz_a_serial_outside_its_series_reverts_the_batch(uint32 serial, uint32 maxSupply) external {
        maxSupply = uint32(bound(maxSupply, 1, 999_999));
        vm.assume(serial == 0 || serial > maxSupply);
        open(1, terms(maxSupply));
        RightsToken.Issue[] memory items = new RightsToken.Issue[](2);
        items[0] = RightsToken.Issue(HANAKO, 1, 0);
        items[1] = RightsToken.Issue(HANAKO, serial, 0);
        vm.expectRevert(abi.encodeWithSelector(RightsToken.BadSerial.selector, serial));
        vm.prank(ISSUER);
        rights.issueBatch(1, items);
    }

    function testFuzz_two_rights_never_share_a_number(uint32 s1, uint32 n1, uint32 s2, uint32 n2) external {
        vm.assume(s1 != 0 && s2 != 0 && (s1 != s2 || n1 % 999_999 != n2 % 999_999));
        open(s1, terms(999_999));
        if (s2 != s1) open(s2, terms(999_999));
        uint256 first = issue(s1, n1 % 999_999 + 1, HANAKO);
        uint256 second = issue(s2, n2 % 999_999 + 1, JIRO);
        vm.assertTrue(first != second);
        vm.assertEq(rights.ownerOf(first), HANAKO);
        vm.assertEq(rights.ownerOf(second), JIRO);
    }

    function testFuzz_before_its_date_no_right_moves_and_from_then_on_it_does(uint48 date, uint48 today) external {
        date = uint48(bound(date, NOON - 1 days, NOON + 30 days));
        today = uint48(bound(today, NOON, NOON + 30 days));
        RightsToken.Terms memory t = terms(1);
        t.tradableFrom = date;
        open(1, t);
        uint256 tokenId = issue(1, 1, HANAKO);
        vm.warp(today);
        vm.assertEq(rights.tradable(tokenId), today >= date);
        if (today < date) {
            vm.expectRevert(abi.encodeWithSelector(RightsToken.NotTradableBefore.selector, tokenId, date));
        }
        vm.prank(HANAKO);
        rights.transferFrom(HANAKO, JIRO, tokenId);
        vm.assertEq(rights.ownerOf(tokenId), today < date ? HANAKO : JIRO);
    }

    function testFuzz_a_royalty_is_a_tenth_at_most(uint16 bps, uint128 price) external {
        bps %= 2_000;
        RightsToken.Terms memory t = terms(1);
        t.royaltyBps = bps;
        if (bps > 1_000) vm.expectRevert(abi.encodeWithSelector(RightsToken.RoyaltyTooHigh.selector, bps));
        vm.prank(ISSUER);
        rights.createSeries(1, t, "");
        (address receiver, uint256 royalty) = rights.royaltyInfo(1_000_001, price);
        vm.assertEq(receiver, FUND);
        vm.assertEq(royalty, bps > 1_000 ? 0 : uint256(price) * bps / 10_000);
        vm.assertLe(royalty, price / 10);
    }

    function testFuzz_custody_opens_with_the_right_account_only(bytes32 account, bytes32 other, address to) external {
        vm.assume(account != other && to != address(0) && to.code.length == 0);
        open(1, terms(1));
        uint256 tokenId = issue(1, 1, rights.custodyAddress(account));
        address wrong = rights.custodyAddress(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC721Errors.ERC721IncorrectOwner.selector, wrong, tokenId, rights.custodyAddress(account)
            )
        );
        vm.prank(CUSTODIAN);
        rights.custodyTransfer(other, to, tokenId);
        vm.prank(CUSTODIAN);
        rights.custodyTransfer(account, to, tokenId);
        vm.assertEq(rights.ownerOf(tokenId), to);
    }

    function testFuzz_what_a_buyer_pays_is_what_seller_and_fund_receive(uint128 price, uint16 bps) external {
        price = uint128(bound(price, 1, type(uint128).max));
        RightsToken.Terms memory t = terms(1);
        t.royaltyBps = uint16(bps % 1_001);
        open(1, t);
        uint256 tokenId = issue(1, 1, HANAKO);
        _offer(tokenId, price, FAR);
        rich(JIRO, price);
        vm.prank(JIRO);
        market.buy(tokenId, 1, price, JIRO);
        vm.assertEq(market.owed(HANAKO) + market.owed(FUND), price);
        vm.assertLe(market.owed(FUND), price / 10);
        vm.assertEq(yen.balanceOf(address(market)), price);
        vm.assertEq(rights.ownerOf(tokenId), JIRO);
    }

    function testFuzz_no_other_price_and_no_other_offer_is_taken(uint256 seen, uint256 offer) external {
        offer %= 3;
        open(1, terms(1));
        uint256 tokenId = issue(1, 1, HANAKO);
        _offer(tokenId, 5_000, FAR);
        vm.assume(seen != 5_000 || offer != 1);
        rich(JIRO, type(uint128).max);
        vm.expectRevert(
            offer == 1
                ? abi.encodeWithSelector(ResaleMarket.PriceChanged.selector, 5_000)
                : abi.encodeWithSelector(ResaleMarket.NotListed.selector, tokenId)
        );
        vm.prank(JIRO);
        market.buy(tokenId, offer, seen, JIRO);
    }

    function testFuzz_an_offer_ends_at_its_moment(uint32 expires, uint32 today) external {
        expires = uint32(bound(expires, NOON + 1, NOON + 30 days));
        today = uint32(bound(today, NOON, NOON + 30 days));
        open(1, terms(1));
        uint256 tokenId = issue(1, 1, HANAKO);
        _offer(tokenId, 5_000, expires);
        rich(JIRO, 5_000);
        vm.warp(today);
        vm.assertEq(market.isLive(tokenId), today < expires);
        if (today >= expires) vm.expectRevert(abi.encodeWithSelector(ResaleMarket.Expired.selector, tokenId));
        vm.prank(JIRO);
        market.buy(tokenId, 1, 5_000, JIRO);
    }

    function testFuzz_a_right_is_used_as_often_as_its_series_says(uint8 perToken, uint8 tries) external {
        perToken = uint8(bound(perToken, 1, 20));
        uint256 tokenId = _counted(perToken);
        for (uint256 i = 1; i <= tries % 32; ++i) {
            if (i > perToken) vm.expectRevert(abi.encodeWithSelector(UsageRegistry.NothingLeft.selector, tokenId));
            vm.prank(REDEEMER);
            uses.redeem(tokenId, bytes32(i), HANAKO);
        }
        uint256 made = tries % 32 < perToken ? tries % 32 : perToken;
        vm.assertEq(uses.usesMade(tokenId), made);
        vm.assertEq(uses.usesLeft(tokenId), perToken - made);
    }

    function testFuzz_a_use_is_taken_back_within_a_day(uint32 later) external {
        uint256 tokenId = _counted(3);
        vm.prank(REDEEMER);
        uses.redeem(tokenId, "one", HANAKO);
        later %= 2 days;
        vm.warp(NOON + later);
        if (later >= 1 days) vm.expectRevert(abi.encodeWithSelector(UsageRegistry.TooLate.selector, bytes32("one")));
        vm.prank(REDEEMER);
        uses.undo("one");
        vm.assertEq(uses.usesLeft(tokenId), later >= 1 days ? 2 : 3);
    }

    function _offer(uint256 tokenId, uint128 price, uint32 expires) private {
        vm.prank(HANAKO);
        rights.approve(address(market), tokenId);
        vm.prank(HANAKO);
        market.list(tokenId, price, expires);
    }

    function _counted(uint32 perToken) private returns (uint256) {
        RightsToken.Terms memory t = terms(1);
        t.usesPerToken = perToken;
        open(1, t);
        return issue(1, 1, HANAKO);
    }
}
