// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RightsToken} from "../src/RightsToken.sol";
import {UsageRegistry} from "../src/UsageRegistry.sol";
import {ResaleMarket} from "../src/ResaleMarket.sol";
import {Town} from "./Town.t.sol";

/// @title Everybody in the town, acting in any order, and a plain ledger of what should have come of it
/// @dev Each public act is one that forge may choose, with numbers of its own. What an act may not do is tried too,
/// and must fail: an act that reverts where the ledger does not expect it fails the run (fail_on_revert). Most acts are
/// by whoever may do them, or strangers would meet closed doors all day.
contract Townsfolk is Town {
    /// Three series: an ordinary one, one of counted and revocable rights, and one that waits for its date.
    uint256 public constant SERIES = 3;
    uint32 public constant SUPPLY = 4;
    uint32 public constant USES = 3;
    uint48 public constant DATE = uint48(NOON + 6 days);
    /// Wallets 0 … 2; 3 and 4 are accounts in custody.
    uint256 public constant PEOPLE = 5;

    struct Offer {
        uint256 number;
        address seller;
        uint128 price;
        uint256 expires;
        bool alive;
    }

    // the ledger
    mapping(uint256 tokenId => address) public holder;
    mapping(uint256 tokenId => uint256) public times;
    mapping(uint256 tokenId => uint256) public usesMade;
    mapping(uint256 tokenId => Offer) public offers;
    mapping(address who => uint256) public owed;
    uint256 public paid;
    uint256 public drawn;
    uint256 public sales;
    uint256 public uses_;
    uint256 private _redemptions;
    uint256 private _latestOffer;
    address[] private _people;

    function setUp() public override {
        super.setUp();
        open(1, terms(SUPPLY));
        RightsToken.Terms memory counted = terms(SUPPLY);
        counted.usesPerToken = USES;
        counted.revocable = true;
        counted.royaltyBps = 1_000;
        open(2, counted);
        RightsToken.Terms memory late = terms(SUPPLY);
        late.tradableFrom = DATE;
        open(3, late);
        for (uint256 i; i < 3; ++i) {
            _people.push(address(uint160(0xB0 + i)));
            rich(person(i), 1e12);
            vm.prank(person(i));
            rights.setApprovalForAll(address(market), true);
        }
        for (uint256 i = 3; i < PEOPLE; ++i) {
            _people.push(rights.custodyAddress(account(i)));
        }
        for (uint32 i; i < SERIES * 3; ++i) {
            (uint32 series, uint32 serial) = (i / 3 + 1, i % 3 + 1);
            issue(series, serial, person(i % PEOPLE));
            (times[right(series, serial)], holder[right(series, serial)]) = (1, person(i % PEOPLE));
        }
    }

    function contracts() external view returns (RightsToken, UsageRegistry, ResaleMarket) {
        return (rights, uses, market);
    }

    function person(uint256 who) public view returns (address) {
        return _people[who];
    }

    function account(uint256 who) public pure returns (bytes32) {
        return keccak256(abi.encode("account", who));
    }

    function right(uint256 series, uint256 serial) public pure returns (uint256) {
        return series * 1_000_000 + serial;
    }

    // ------------------------------------------------------------------------------------------- issue, end

    function issues(uint256 series, uint256[3] calldata serials, uint256 to) external {
        series = bound(series, 1, SERIES);
        RightsToken.Issue[] memory items = new RightsToken.Issue[](3);
        uint256 fresh;
        for (uint256 i; i < 3; ++i) {
            uint32 serial = uint32(bound(serials[i], 1, SUPPLY));
            items[i] = RightsToken.Issue(person(bound(to, 0, PEOPLE - 1)), serial, bytes32(i));
            uint256 tokenId = right(series, serial);
            if (times[tokenId] != 0) continue;
            (times[tokenId], holder[tokenId], fresh) = (1, items[i].to, fresh + 1);
        }
        vm.prank(ISSUER);
        vm.assertEq(rights.issueBatch(series, items), fresh);
    }

    function revokes(uint256 series, uint256 serial) external {
        if (series % 4 != 0) return; // rare, or nothing is left to use
        uint256 tokenId = _some(series, serial);
        vm.prank(ISSUER);
        try rights.revoke(tokenId, bytes32("reason")) {
            vm.assertTrue(tokenId / 1_000_000 == 2 && holder[tokenId] != address(0));
            _moved(tokenId, address(0));
        } catch {
            vm.assertTrue(tokenId / 1_000_000 != 2 || holder[tokenId] == address(0));
        }
    }

    // ------------------------------------------------------------------------------------------- movement

    function moves(uint256 series, uint256 serial, uint256 from, uint256 to) external {
        uint256 tokenId = _some(series, serial);
        _move(tokenId, _who(tokenId, from), bound(to, 0, PEOPLE - 1));
    }

    /// @notice There and back again: the holder is the same, and an offer is dead.
    function lends(uint256 series, uint256 serial, uint256 from, uint256 to) external {
        uint256 tokenId = _some(series, serial);
        (from, to) = (_who(tokenId, from), bound(to, 0, PEOPLE - 1));
        _move(tokenId, from, to);
        _move(tokenId, to, from);
    }

    /// @notice Two accounts in custody exchange: both rights change hands, or neither does.
    function swaps(uint256 series, uint256 one, uint256 other, bool turned) external {
        (uint256 oneToken, uint256 otherToken) = (_some(series, one), _some(series / 7, other));
        (uint256 first, uint256 second) = turned ? (uint256(4), uint256(3)) : (uint256(3), uint256(4));
        bool may = holder[oneToken] == person(first) && holder[otherToken] == person(second) && _tradable(oneToken)
            && _tradable(otherToken);
        vm.prank(CUSTODIAN);
        try rights.custodySwap(account(first), oneToken, account(second), otherToken) {
            vm.assertTrue(may);
            _moved(oneToken, person(second));
            _moved(otherToken, person(first));
        } catch {
            vm.assertTrue(!may);
        }
    }

    function thieves(uint256 series, uint256 serial, uint256 victim, uint256 thief) external {
        uint256 tokenId = _some(series, serial);
        (victim, thief) = (bound(victim, 0, PEOPLE - 1), bound(thief, 0, 2));
        if (victim == thief) return;
        (address from, address to) = (person(victim), person(thief));
        vm.prank(to);
        try rights.transferFrom(from, to, tokenId) {
            vm.assertTrue(false);
        } catch {}
        vm.prank(CUSTODIAN);
        try rights.transferFrom(from, CUSTODIAN, tokenId) {
            vm.assertTrue(false);
        } catch {}
    }

    function _move(uint256 tokenId, uint256 from, uint256 to) private {
        (address sender, address receiver) = (person(from), person(to));
        bool may = holder[tokenId] == sender && _tradable(tokenId);
        vm.prank(from < 3 ? sender : CUSTODIAN);
        (bool done,) = address(rights).call(
            from < 3
                ? abi.encodeCall(rights.transferFrom, (sender, receiver, tokenId))
                : abi.encodeCall(rights.custodyTransfer, (account(from), receiver, tokenId))
        );
        vm.assertEq(done, may);
        if (done) _moved(tokenId, receiver);
    }

    // ------------------------------------------------------------------------------------------- resale

    function offers_(uint256 series, uint256 serial, uint256 who, uint128 price, uint256 days_) external {
        uint256 tokenId = _some(series, serial);
        who = _who(tokenId, who);
        price = uint128(bound(price, 1, 1e6));
        uint32 expires = uint32(block.timestamp + bound(days_, 1, 10) * 1 days);
        bool may = holder[tokenId] == person(who) && _tradable(tokenId);
        if (who >= 3 && holder[tokenId] == person(who)) {
            vm.prank(CUSTODIAN);
            rights.custodyApprove(account(who), address(market), tokenId);
        }
        vm.prank(who < 3 ? person(who) : CUSTODIAN);
        (bool done,) = address(market).call(
            who < 3
                ? abi.encodeCall(market.list, (tokenId, price, expires))
                : abi.encodeCall(market.listFor, (account(who), tokenId, price, expires))
        );
        vm.assertEq(done, may);
        if (!done) return;
        offers[tokenId] = Offer(market.lastListingId(), person(who), price, expires, true);
        _latestOffer = tokenId;
    }

    function cancels(uint256 series, uint256 serial, uint256 who) external {
        uint256 tokenId = _some(series, serial);
        who = _who(tokenId, who);
        bool may = offers[tokenId].number != 0
            && (offers[tokenId].seller == person(who) || holder[tokenId] == person(who));
        vm.prank(who < 3 ? person(who) : CUSTODIAN);
        (bool done,) = address(market).call(
            who < 3
                ? abi.encodeCall(market.cancel, (tokenId))
                : abi.encodeCall(market.cancelFor, (account(who), tokenId))
        );
        vm.assertEq(done, may);
        if (done) delete offers[tokenId];
    }

    function buys(uint256 series, uint256 serial, uint256 buyer, uint256 recipient, bool cheaper) external {
        uint256 tokenId = buyer % 4 == 0 ? _some(series, serial) : _latestOffer;
        cheaper = cheaper && buyer % 8 == 1;
        (buyer, recipient) = (bound(buyer, 0, 2), bound(recipient, 0, PEOPLE - 1));
        Offer memory offer = offers[tokenId];
        address receiver = person(recipient);
        bool may = isLive(tokenId) && !cheaper;
        uint256 had = yen.balanceOf(person(buyer));
        vm.prank(person(buyer));
        try market.buy(tokenId, offer.number, cheaper ? offer.price / 2 : offer.price, receiver) {
            vm.assertTrue(may);
            uint256 royalty = uint256(offer.price) * (tokenId / 1_000_000 == 2 ? 1_000 : 500) / 10_000;
            owed[FUND] += royalty;
            owed[offer.seller] += offer.price - royalty;
            paid += offer.price;
            ++sales;
            vm.assertEq(yen.balanceOf(person(buyer)), had - offer.price);
            _moved(tokenId, receiver);
            delete offers[tokenId];
        } catch {
            vm.assertTrue(!may);
            vm.assertEq(yen.balanceOf(person(buyer)), had);
        }
    }

    /// @param who 5 is the fund
    function draws(uint256 who, uint256 to) external {
        (who, to) = (bound(who, 0, PEOPLE), bound(to, 0, 2));
        address whose = who == 5 ? FUND : person(who);
        uint256 had = yen.balanceOf(person(to));
        vm.prank(who == 3 || who == 4 ? CUSTODIAN : whose);
        (bool done,) = address(market).call(
            who == 3 || who == 4
                ? abi.encodeCall(market.withdrawFor, (account(who), person(to)))
                : abi.encodeCall(market.withdraw, (person(to)))
        );
        vm.assertEq(done, owed[whose] != 0);
        vm.assertEq(yen.balanceOf(person(to)), had + owed[whose]);
        drawn += owed[whose];
        owed[whose] = 0;
    }

    // ------------------------------------------------------------------------------------------- use

    function redeems(uint256 series, uint256 serial, uint256 who, bool again) external {
        uint256 tokenId = _some(who % 8 == 1 ? series : 2, serial);
        if (serial % 2 == 0 && _latestOffer / 1_000_000 == 2) tokenId = _latestOffer;
        address named = person(_who(tokenId, who));
        again = again && who % 8 == 2;
        bool counted = tokenId / 1_000_000 == 2;
        bool may = counted && holder[tokenId] == named && usesMade[tokenId] < USES && !(again && _redemptions > 0);
        bytes32 id = bytes32(again && _redemptions > 0 ? _redemptions : _redemptions + 1);
        vm.prank(REDEEMER);
        try uses.redeem(tokenId, id, named) {
            vm.assertTrue(may);
            ++_redemptions;
            ++usesMade[tokenId];
            ++uses_;
            offers[tokenId].alive = false;
        } catch {
            vm.assertTrue(!may);
        }
    }

    function undoes(uint256 which) external {
        bytes32 id = bytes32(bound(which, 0, _redemptions));
        UsageRegistry.Redemption memory former = uses.redemptionOf(id);
        bool may = id != 0 && !former.undone && block.timestamp < former.time + 1 days;
        vm.prank(REDEEMER);
        try uses.undo(id) {
            vm.assertTrue(may);
            --usesMade[former.tokenId];
            offers[former.tokenId].alive = false;
        } catch {
            vm.assertTrue(!may);
        }
    }

    // ------------------------------------------------------------------------------------------- time

    function waits(uint256 hours_) external {
        vm.warp(block.timestamp + bound(hours_, 1, 72) * 1 hours);
    }

    // ------------------------------------------------------------------------------------------- what should be

    function isLive(uint256 tokenId) public view returns (bool) {
        return offers[tokenId].alive && block.timestamp < offers[tokenId].expires;
    }

    function _tradable(uint256 tokenId) private view returns (bool) {
        return tokenId / 1_000_000 != 3 || block.timestamp >= DATE;
    }

    function _moved(uint256 tokenId, address to) private {
        holder[tokenId] = to;
        offers[tokenId].alive = false;
    }

    /// @dev The holder three times out of four, else anybody.
    function _who(uint256 tokenId, uint256 seed) private view returns (uint256) {
        for (uint256 who; seed % 4 != 0 && who < PEOPLE; ++who) {
            if (holder[tokenId] == person(who)) return who;
        }
        return (seed / 4) % PEOPLE;
    }

    function _some(uint256 series, uint256 serial) private pure returns (uint256) {
        return right(bound(series, 1, SERIES), bound(serial, 1, SUPPLY));
    }
}
