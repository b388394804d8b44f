// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RightsToken} from "../src/RightsToken.sol";
import {UsageRegistry} from "../src/UsageRegistry.sol";
import {ResaleMarket} from "../src/ResaleMarket.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "./Town.t.sol";
import {Townsfolk} from "./Townsfolk.t.sol";

/// @title What is true after whatever everybody did: the contracts and a plain ledger say the same
contract Invariants {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant FUND = address(0xA6);

    Townsfolk private folk;
    RightsToken private rights;
    UsageRegistry private uses;
    ResaleMarket private market;

    function setUp() external {
        folk = new Townsfolk();
        folk.setUp();
        (rights, uses, market) = folk.contracts();
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Forge asks here which acts it may choose from.
    function targetSelectors() external view returns (FuzzSelector[] memory chosen) {
        bytes4[] memory acts = new bytes4[](12);
        acts[0] = folk.issues.selector;
        acts[1] = folk.revokes.selector;
        acts[2] = folk.moves.selector;
        acts[3] = folk.lends.selector;
        acts[4] = folk.thieves.selector;
        acts[5] = folk.offers_.selector;
        acts[6] = folk.cancels.selector;
        acts[7] = folk.buys.selector;
        acts[8] = folk.draws.selector;
        acts[9] = folk.redeems.selector;
        acts[10] = folk.undoes.selector;
        acts[11] = folk.waits.selector;
        chosen = new FuzzSelector[](1);
        chosen[0] = FuzzSelector(address(folk), acts);
    }

    function targetContracts() external view returns (address[] memory chosen) {
        chosen = new address[](1);
        chosen[0] = address(folk);
    }

    /// @dev One campaign for all five: each would play the same story again.
    function invariant_the_contracts_and_the_ledger_say_the_same() external view {
        _no_more_is_issued_than_was_announced_and_no_serial_twice();
        _each_right_is_with_its_holder_in_custody_or_not();
        _what_the_market_holds_is_what_it_owes();
        _uses_never_fall_below_none_and_never_rise_above_what_was_sold();
        _an_offer_lives_only_while_its_right_neither_moved_nor_was_used();
    }

    function _no_more_is_issued_than_was_announced_and_no_serial_twice() private view {
        for (uint256 series = 1; series <= folk.SERIES(); ++series) {
            uint256 issued;
            for (uint256 serial = 1; serial <= folk.SUPPLY(); ++serial) {
                uint256 tokenId = folk.right(series, serial);
                vm.assertEq(rights.wasIssued(tokenId), folk.times(tokenId) == 1);
                issued += folk.times(tokenId);
            }
            vm.assertEq(rights.series(series).minted, issued);
            vm.assertLe(issued, folk.SUPPLY());
        }
    }

    function _each_right_is_with_its_holder_in_custody_or_not() private view {
        uint256[] memory held = new uint256[](folk.PEOPLE());
        for (uint256 series = 1; series <= folk.SERIES(); ++series) {
            for (uint256 serial = 1; serial <= folk.SUPPLY(); ++serial) {
                uint256 tokenId = folk.right(series, serial);
                address holder = folk.holder(tokenId);
                try rights.ownerOf(tokenId) returns (address owner) {
                    vm.assertEq(owner, holder);
                } catch {
                    vm.assertEq(holder, address(0));
                }
                for (uint256 who; who < held.length; ++who) {
                    if (folk.person(who) == holder) ++held[who];
                }
            }
        }
        for (uint256 who; who < held.length; ++who) {
            vm.assertEq(rights.balanceOf(folk.person(who)), held[who]);
        }
    }

    function _what_the_market_holds_is_what_it_owes() private view {
        uint256 sum = market.owed(FUND);
        vm.assertEq(market.owed(FUND), folk.owed(FUND));
        for (uint256 who; who < folk.PEOPLE(); ++who) {
            address person = folk.person(who);
            vm.assertEq(market.owed(person), folk.owed(person));
            sum += market.owed(person);
        }
        IERC20 yen = market.yen();
        vm.assertEq(yen.balanceOf(address(market)), sum);
        vm.assertEq(sum, folk.paid() - folk.drawn());
        vm.assertEq(yen.totalSupply(), 3e12);
    }

    function _uses_never_fall_below_none_and_never_rise_above_what_was_sold() private view {
        for (uint256 series = 1; series <= folk.SERIES(); ++series) {
            for (uint256 serial = 1; serial <= folk.SUPPLY(); ++serial) {
                uint256 tokenId = folk.right(series, serial);
                uint256 sold = series == 2 ? folk.USES() : 0;
                vm.assertEq(uses.usesMade(tokenId), folk.usesMade(tokenId));
                vm.assertEq(uses.usesLeft(tokenId) + uses.usesMade(tokenId), sold);
            }
        }
    }

    function _an_offer_lives_only_while_its_right_neither_moved_nor_was_used() private view {
        for (uint256 series = 1; series <= folk.SERIES(); ++series) {
            for (uint256 serial = 1; serial <= folk.SUPPLY(); ++serial) {
                uint256 tokenId = folk.right(series, serial);
                vm.assertEq(market.isLive(tokenId), folk.isLive(tokenId));
                if (market.isLive(tokenId)) vm.assertEq(market.listing(tokenId).seller, rights.ownerOf(tokenId));
            }
        }
    }
}
