// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

/// @title Dated fingerprints of the town's records
/// @notice A record kept by the town (a draw, the bids of an auction, a day of the journal) is fixed here by one hash.
/// Whoever has the published record can prove that it was not rewritten afterwards. A subject is anchored once.
contract Anchors is AccessControlDefaultAdminRules {
    bytes32 public constant ANCHOR_ROLE = keccak256("ANCHOR_ROLE");

    /// @notice The hash fixed for a subject; zero if none is.
    mapping(bytes32 subject => bytes32) public rootOf;

    event Anchored(bytes32 indexed subject, bytes32 root, string uri);

    error AnchoredAlready(bytes32 subject, bytes32 root);
    error NoRoot();

    /// @param adminDelay seconds that must pass before a new admin can take over
    constructor(address admin, uint48 adminDelay) AccessControlDefaultAdminRules(adminDelay, admin) {}

    /// @param subject what the record is about: keccak-256 of its public name, "journal:2026-11-24"
    /// @param root    hash of the record
    /// @param uri     where the record is published; may be empty
    /// @dev The same root again changes nothing and passes, so that a repeated call is harmless.
    function anchor(bytes32 subject, bytes32 root, string calldata uri) external onlyRole(ANCHOR_ROLE) {
        if (root == bytes32(0)) revert NoRoot();
        bytes32 former = rootOf[subject];
        if (former == root) return;
        if (former != bytes32(0)) revert AnchoredAlready(subject, former);
        rootOf[subject] = root;
        emit Anchored(subject, root, uri);
    }
}
