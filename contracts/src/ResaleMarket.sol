// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IRights} from "./interfaces/IRights.sol";
import {IUses} from "./interfaces/IUses.sol";

/// @title Where holders resell rights to each other
/// @notice Escrowless: a right stays with its seller until the moment it is sold. Priced in one yen token.
/// The town takes no money in: price minus royalty waits here for the seller, royalty for the fund, and each draws
/// their own (pull payments), so that no receiver can block a sale.
///
///  - an offer dies when the right changes hands, even if it comes back (`transferCount`), and when it is used
///    (`changes`): nobody pays for twelve lectures and receives eleven;
///  - a buyer names the offer and the price they saw, so neither can be changed under their hand;
///  - the royalty is what ERC-2981 says, at most 10 %.
///
/// Rights in custody are offered by the custodian in the account's name; what they earn is drawn to a wallet
/// that the account's owner names.
/// @dev `yen` must be a plain ERC-20: no fee on transfer, no rebasing.
contract ResaleMarket is AccessControlDefaultAdminRules, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;

    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    bytes32 public constant CUSTODIAN_ROLE = keccak256("CUSTODIAN_ROLE");
    uint256 public constant MAX_ROYALTY_BPS = 1_000;

    struct Listing {
        address seller;
        uint64 listingId;
        uint32 expiresAt;
        uint128 price;
        uint64 transferCount;
        uint64 useChanges;
    }

    IRights public immutable rights;
    IUses public immutable uses;
    IERC20 public immutable yen;
    uint64 public lastListingId;
    /// @notice What waits for an address to draw it, in units of `yen`.
    mapping(address account => uint256) public owed;
    mapping(uint256 tokenId => Listing) private _listings;

    event Listed(
        uint256 indexed listingId, uint256 indexed tokenId, address indexed seller, uint256 price, uint256 expiresAt
    );
    event Cancelled(uint256 indexed listingId, uint256 indexed tokenId);
    event Sold(
        uint256 indexed listingId,
        uint256 indexed tokenId,
        address indexed seller,
        address buyer,
        uint256 price,
        address royaltyReceiver,
        uint256 royalty
    );
    event Withdrawn(address indexed account, address indexed recipient, uint256 amount);

    error NotTheHolder(uint256 tokenId);
    error NotApproved(uint256 tokenId);
    error NotTradable(uint256 tokenId);
    error NotListed(uint256 tokenId);
    error Stale(uint256 tokenId);
    error Expired(uint256 tokenId);
    error PriceChanged(uint256 price);
    error BadPrice();
    error BadExpiry();
    error NothingOwed(address account);
    error NoRecipient();

    /// @param adminDelay seconds that must pass before a new admin can take over
    constructor(IRights rights_, IUses uses_, IERC20 yen_, address admin, uint48 adminDelay)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        rights = rights_;
        uses = uses_;
        yen = yen_;
    }

    // ------------------------------------------------------------------------------------------- offering

    /// @notice Offer one's own right. The market must be approved for it first; a former offer is replaced.
    /// @param expiresAt Unix seconds
    function list(uint256 tokenId, uint128 price, uint32 expiresAt) external returns (uint256 listingId) {
        return _list(tokenId, msg.sender, price, expiresAt);
    }

    /// @notice Offer a right that the named account holds in custody.
    function listFor(bytes32 accountId, uint256 tokenId, uint128 price, uint32 expiresAt)
        external
        onlyRole(CUSTODIAN_ROLE)
        returns (uint256 listingId)
    {
        return _list(tokenId, rights.custodyAddress(accountId), price, expiresAt);
    }

    /// @notice Take an offer back. The present holder can remove one that a former holder left behind.
    function cancel(uint256 tokenId) external {
        _cancel(tokenId, msg.sender);
    }

    function cancelFor(bytes32 accountId, uint256 tokenId) external onlyRole(CUSTODIAN_ROLE) {
        _cancel(tokenId, rights.custodyAddress(accountId));
    }

    // ------------------------------------------------------------------------------------------- buying

    /// @notice Buy for oneself or for `recipient`, at the offer and the price that the buyer saw.
    function buy(uint256 tokenId, uint256 listingId, uint256 expectedPrice, address recipient)
        external
        nonReentrant
        whenNotPaused
    {
        Listing memory offer = _listings[tokenId];
        if (offer.listingId == 0 || offer.listingId != listingId) revert NotListed(tokenId);
        if (offer.price != expectedPrice) revert PriceChanged(offer.price);
        if (block.timestamp >= offer.expiresAt) revert Expired(tokenId);
        if (!_unchanged(tokenId, offer)) revert Stale(tokenId);
        delete _listings[tokenId];

        (address receiver, uint256 royalty) = rights.royaltyInfo(tokenId, offer.price);
        uint256 cap = uint256(offer.price) * MAX_ROYALTY_BPS / 10_000;
        if (royalty > cap) royalty = cap;
        if (receiver == address(0)) royalty = 0;
        owed[receiver] += royalty;
        owed[offer.seller] += offer.price - royalty;
        emit Sold(listingId, tokenId, offer.seller, recipient, offer.price, receiver, royalty);

        yen.safeTransferFrom(msg.sender, address(this), offer.price);
        rights.safeTransferFrom(offer.seller, recipient, tokenId);
    }

    // ------------------------------------------------------------------------------------------- drawing one's money

    /// @notice Draw what is owed to the caller, to any address they name: a seller that cannot hold the yen token
    /// itself is not stuck.
    function withdraw(address recipient) external {
        _withdraw(msg.sender, recipient);
    }

    /// @notice Draw what a custody address earned, to the wallet that the account's owner named.
    /// @dev Never sent to the town of itself: until somebody names a wallet the money waits here, untouchable.
    function withdrawFor(bytes32 accountId, address recipient) external onlyRole(CUSTODIAN_ROLE) {
        _withdraw(rights.custodyAddress(accountId), recipient);
    }

    // ------------------------------------------------------------------------------------------- the town

    /// @notice Stop offering and buying. Taking back and drawing money are never stopped.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ------------------------------------------------------------------------------------------- reading

    function listing(uint256 tokenId) external view returns (Listing memory) {
        return _listings[tokenId];
    }

    /// @notice Whether `buy` would accept this offer now, pause and approval aside.
    function isLive(uint256 tokenId) external view returns (bool) {
        Listing memory offer = _listings[tokenId];
        return offer.listingId != 0 && block.timestamp < offer.expiresAt && _unchanged(tokenId, offer);
    }

    // ------------------------------------------------------------------------------------------- inside

    function _list(uint256 tokenId, address seller, uint128 price, uint32 expiresAt)
        private
        whenNotPaused
        returns (uint256 listingId)
    {
        if (price == 0) revert BadPrice();
        if (expiresAt <= block.timestamp) revert BadExpiry();
        if (rights.ownerOf(tokenId) != seller) revert NotTheHolder(tokenId);
        if (!rights.tradable(tokenId)) revert NotTradable(tokenId);
        if (rights.getApproved(tokenId) != address(this) && !rights.isApprovedForAll(seller, address(this))) {
            revert NotApproved(tokenId);
        }
        uint64 former = _listings[tokenId].listingId;
        if (former != 0) emit Cancelled(former, tokenId);
        listingId = ++lastListingId;
        _listings[tokenId] = Listing({
            seller: seller,
            listingId: uint64(listingId),
            expiresAt: expiresAt,
            price: price,
            transferCount: uint64(rights.transferCount(tokenId)),
            useChanges: uint64(uses.changes(tokenId))
        });
        emit Listed(listingId, tokenId, seller, price, expiresAt);
    }

    function _cancel(uint256 tokenId, address by) private {
        Listing memory offer = _listings[tokenId];
        if (offer.listingId == 0) revert NotListed(tokenId);
        // a revoked right has no owner and `ownerOf` reverts: its seller must still be able to clear the offer
        if (by != offer.seller && by != rights.ownerOf(tokenId)) revert NotTheHolder(tokenId);
        delete _listings[tokenId];
        emit Cancelled(offer.listingId, tokenId);
    }

    /// @dev An approved stranger can move a right and bring it back, a use can be undone: the counts tell.
    function _unchanged(uint256 tokenId, Listing memory offer) private view returns (bool) {
        return rights.transferCount(tokenId) == offer.transferCount && uses.changes(tokenId) == offer.useChanges;
    }

    function _withdraw(address account, address recipient) private nonReentrant {
        if (recipient == address(0)) revert NoRecipient();
        uint256 amount = owed[account];
        if (amount == 0) revert NothingOwed(account);
        owed[account] = 0;
        emit Withdrawn(account, recipient, amount);
        yen.safeTransfer(recipient, amount);
    }
}
