// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IRights} from "./interfaces/IRights.sol";
import {IUses} from "./interfaces/IUses.sol";

/// @title How often each right has been used
/// @notice For rights whose series says a number of uses (`usesPerToken`): twelve lectures, one night. What is left
/// goes with the right when it is resold, so a buyer must be able to read it here without asking the town.
///
///  - a right is never used more often than its series said when it was created;
///  - a use names its holder: it is refused if the right was sold in between;
///  - a use has an identifier of its own and is written down once, also when it is sent twice;
///  - a use entered by mistake can be taken back for a day. After that it is history.
///
/// No person, place or hour is written here: `redemptionId` is salted.
/// @dev Visits to a bath or a desk are not counted here but in the town's own ledger: a public log of somebody's
/// visits would be personal data and serve nobody. The names `Redeem` and `Cancel` and their fields are those of
/// ERC-6672, whose other half (flags in the token itself) does not count: https://eips.ethereum.org/EIPS/eip-6672
contract UsageRegistry is AccessControlDefaultAdminRules, Pausable, IUses {
    /// @notice May write down a use and take back a mistaken one.
    bytes32 public constant REDEEMER_ROLE = keccak256("REDEEMER_ROLE");
    /// @notice May stop both; only the town (default admin) can start them again.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// @notice How long a use can be taken back.
    uint256 public constant UNDO_SECONDS = 1 days;

    /// @param used    times used so far
    /// @param changes uses and undone uses together: never goes back, so that an offer can tell that something happened
    struct Count {
        uint32 used;
        uint64 changes;
    }

    /// @param time when the use was written down, Unix seconds
    struct Redemption {
        uint64 tokenId;
        uint48 time;
        bool undone;
    }

    IRights public immutable rights;
    mapping(uint256 tokenId => Count) private _count;
    mapping(bytes32 redemptionId => Redemption) private _redemptions;

    event Redeemed(uint256 indexed tokenId, bytes32 indexed redemptionId, address indexed holder, uint32 used, uint32 left);
    event RedemptionUndone(uint256 indexed tokenId, bytes32 indexed redemptionId, uint32 used, uint32 left);
    event Redeem(
        address indexed operator, uint256 indexed tokenId, address redeemer, bytes32 redemptionId, string memo
    );
    event Cancel(address indexed operator, uint256 indexed tokenId, bytes32 redemptionId, string memo);

    error NotCounted(uint256 tokenId);
    error NotTheHolder(uint256 tokenId);
    error NothingLeft(uint256 tokenId);
    error Ended(uint256 tokenId, uint256 validUntil);
    error Duplicate(bytes32 redemptionId);
    error NoSuchRedemption(bytes32 redemptionId);
    error TooLate(bytes32 redemptionId);

    /// @param adminDelay seconds that must pass before a new admin can take over
    constructor(IRights rights_, address admin, uint48 adminDelay)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        rights = rights_;
    }

    /// @notice Write down one use of a right.
    /// @param redemptionId a salted reference to the town's own entry; each is taken once, undone ones included
    /// @param holder       who held the right when it was used
    function redeem(uint256 tokenId, bytes32 redemptionId, address holder)
        external
        onlyRole(REDEEMER_ROLE)
        whenNotPaused
    {
        if (_redemptions[redemptionId].time != 0) revert Duplicate(redemptionId);
        (uint256 perToken, uint256 validUntil) = rights.usesOf(tokenId);
        if (perToken == 0) revert NotCounted(tokenId);
        if (rights.ownerOf(tokenId) != holder) revert NotTheHolder(tokenId);
        if (validUntil != 0 && block.timestamp >= validUntil) revert Ended(tokenId, validUntil);
        Count storage count = _count[tokenId];
        if (count.used >= perToken) revert NothingLeft(tokenId);

        uint32 used = ++count.used;
        ++count.changes;
        _redemptions[redemptionId] = Redemption(uint64(tokenId), uint48(block.timestamp), false);
        emit Redeemed(tokenId, redemptionId, holder, used, uint32(perToken) - used);
        emit Redeem(msg.sender, tokenId, holder, redemptionId, "");
    }

    /// @notice Take back a use that was entered by mistake, within a day.
    function undo(bytes32 redemptionId) external onlyRole(REDEEMER_ROLE) whenNotPaused {
        Redemption storage redemption = _redemptions[redemptionId];
        if (redemption.time == 0 || redemption.undone) revert NoSuchRedemption(redemptionId);
        if (block.timestamp >= redemption.time + UNDO_SECONDS) revert TooLate(redemptionId);
        redemption.undone = true;
        uint256 tokenId = redemption.tokenId;
        Count storage count = _count[tokenId];
        uint32 used = --count.used;
        ++count.changes;
        (uint256 perToken,) = rights.usesOf(tokenId);
        emit RedemptionUndone(tokenId, redemptionId, used, uint32(perToken) - used);
        emit Cancel(msg.sender, tokenId, redemptionId, "");
    }

    /// @notice Stop writing down and taking back.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ------------------------------------------------------------------------------------------- reading

    /// @notice How often a right can still be used, its end and a revocation aside; 0 where uses are not counted.
    function usesLeft(uint256 tokenId) external view returns (uint256) {
        (uint256 perToken,) = rights.usesOf(tokenId);
        return perToken - _count[tokenId].used;
    }

    function usesMade(uint256 tokenId) external view returns (uint256) {
        return _count[tokenId].used;
    }

    function changes(uint256 tokenId) external view returns (uint256) {
        return _count[tokenId].changes;
    }

    /// @notice What is known under an identifier; `time` is 0 if nothing is.
    function redemptionOf(bytes32 redemptionId) external view returns (Redemption memory) {
        return _redemptions[redemptionId];
    }
}
