// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IERC5192} from "./interfaces/IERC5192.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IRights} from "./interfaces/IRights.sol";

/// @title The public rights of one town
/// @notice One ERC-721 collection made of numbered series: a series is one kind of right that the town sells,
/// and token `seriesId * 1_000_000 + serial` is one numbered right of it.
///
/// What holders can rely on:
///  - a serial is issued at most once, even after it was revoked (`issueBatch` skips what was issued before);
///  - the number of rights, the royalty, the dates and the transfer rule of a series never change after it was created;
///  - nobody but its holder can move a right, with two exceptions that the series and the address show in advance:
///    a series created `revocable` can be revoked, and a right kept at a custody address is moved by the custodian;
///  - the custodian can move nothing out of a wallet that somebody has a key to.
///
/// What they cannot: ERC-2981 is a request to marketplaces, not a tax. Only `ResaleMarket` is bound to pay it.
///
/// @dev Not upgradeable; no trusted forwarder and no multicall, on purpose.
/// EIPs: https://eips.ethereum.org/EIPS/eip-721, /eip-2981, /eip-4906, /eip-5192, /eip-7572
contract RightsToken is ERC721, AccessControlDefaultAdminRules, Pausable, IRights, IERC4906, IERC5192, IERC7572 {
    using BitMaps for BitMaps.BitMap;

    /// @notice May create series, issue rights and revoke those of a revocable series.
    bytes32 public constant ISSUER_ROLE = keccak256("ISSUER_ROLE");
    /// @notice May say where metadata is, until the series is frozen.
    bytes32 public constant METADATA_ROLE = keccak256("METADATA_ROLE");
    /// @notice May stop all movement; only the town (default admin) can start it again.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// @notice May move rights out of custody addresses, by naming the account.
    bytes32 public constant CUSTODIAN_ROLE = keccak256("CUSTODIAN_ROLE");

    /// @notice Serials of a series lie between 1 and SERIAL_SPACE - 1.
    uint256 public constant SERIAL_SPACE = 1_000_000;
    /// @notice A royalty is never more than 10 %.
    uint16 public constant MAX_ROYALTY_BPS = 1_000;

    enum Kind {
        RESIDENT,
        CARD,
        LECTURE,
        NAMING,
        CERTIFICATE,
        EXPERIENCE
    }

    /// @param maxSupply     rights that can ever be issued, 1 … 999,999
    /// @param usesPerToken  times that one right can be used; 0 where uses are not counted
    /// @param royaltyBps    share of a resale price asked for the town's fund, in 1/10,000
    /// @param validUntil    end of the right, Unix seconds; 0 = no end. Read by the town, not enforced here
    /// @param tradableFrom  no transfer before this moment, Unix seconds; 0 = tradable at once
    /// @param termsHash     SHA-256 of the published terms
    struct Terms {
        uint32 maxSupply;
        uint32 usesPerToken;
        uint16 royaltyBps;
        uint48 validUntil;
        uint48 tradableFrom;
        Kind kind;
        bool transferable;
        bool revocable;
        bytes32 termsHash;
    }

    struct Series {
        Terms terms;
        uint32 minted;
        bool frozen;
    }

    /// @param ref what the right was issued for: a salted reference, never a person's data
    struct Issue {
        address to;
        uint32 serial;
        bytes32 ref;
    }

    /// @notice Who receives the royalty of a resale: the town's fund.
    address public treasury;
    /// @notice How often a right has changed hands or was burnt. An offer that remembers another count is stale.
    mapping(uint256 tokenId => uint256) public transferCount;

    // Fixed at deployment, so that custody addresses survive a chain that changes its id.
    bytes32 private immutable _custodyDomain;

    mapping(uint256 seriesId => Series) private _series;
    mapping(uint256 seriesId => string) private _seriesURI;
    mapping(uint256 tokenId => string) private _tokenURI;
    BitMaps.BitMap private _frozenToken;
    BitMaps.BitMap private _issued;
    string private _contractURI;

    event SeriesCreated(
        uint256 indexed seriesId,
        Kind kind,
        uint32 maxSupply,
        uint32 usesPerToken,
        uint16 royaltyBps,
        uint48 validUntil,
        uint48 tradableFrom,
        bool transferable,
        bool revocable,
        bytes32 termsHash
    );
    event SeriesFrozen(uint256 indexed seriesId);
    event RightIssued(uint256 indexed tokenId, uint256 indexed seriesId, address indexed to, bytes32 ref);
    event RightRevoked(uint256 indexed tokenId, bytes32 reasonHash);
    event CustodyReleased(bytes32 indexed accountId, address indexed to, uint256 indexed tokenId);
    event Swapped(bytes32 indexed oneAccount, bytes32 indexed otherAccount, uint256 oneToken, uint256 otherToken);
    event TreasuryChanged(address indexed treasury);
    /// @dev As marketplaces read it: https://docs.opensea.io/docs/metadata-standards#freezing-metadata
    event PermanentURI(string _value, uint256 indexed _id);

    error SeriesExists(uint256 seriesId);
    error NoSeries(uint256 seriesId);
    error BadSeries(uint256 seriesId);
    error BadSupply(uint256 maxSupply);
    error BadSerial(uint256 serial);
    error RoyaltyTooHigh(uint256 royaltyBps);
    error NotTransferable(uint256 tokenId);
    error NotTradableBefore(uint256 tokenId, uint256 tradableFrom);
    error NotRevocable(uint256 tokenId);
    error NotHere(uint256 tokenId);
    error BadSwap();
    error FrozenToken(uint256 tokenId);
    error Frozen(uint256 seriesId);
    error NoTreasury();

    /// @param adminDelay seconds that must pass before a new admin can take over
    constructor(
        string memory name_,
        string memory symbol_,
        address admin,
        uint48 adminDelay,
        address treasury_,
        string memory contractURI_
    ) ERC721(name_, symbol_) AccessControlDefaultAdminRules(adminDelay, admin) {
        _custodyDomain = keccak256(abi.encode("custody", block.chainid, address(this)));
        _contractURI = contractURI_;
        _setTreasury(treasury_);
    }

    // ------------------------------------------------------------------------------------------- series and issue

    /// @notice Open a series. Its terms cannot be changed afterwards.
    /// @param uri where metadata lies: a directory with its closing slash, "ipfs://<directory>/"; for a series of one
    /// right the document itself, "ipfs://<document>"
    function createSeries(uint256 seriesId, Terms calldata terms, string calldata uri) external onlyRole(ISSUER_ROLE) {
        if (seriesId == 0 || seriesId > type(uint32).max) revert BadSeries(seriesId);
        if (_series[seriesId].terms.maxSupply != 0) revert SeriesExists(seriesId);
        if (terms.maxSupply == 0 || terms.maxSupply >= SERIAL_SPACE) revert BadSupply(terms.maxSupply);
        if (terms.royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(terms.royaltyBps);
        _series[seriesId].terms = terms;
        _seriesURI[seriesId] = uri;
        emit SeriesCreated(
            seriesId,
            terms.kind,
            terms.maxSupply,
            terms.usesPerToken,
            terms.royaltyBps,
            terms.validUntil,
            terms.tradableFrom,
            terms.transferable,
            terms.revocable,
            terms.termsHash
        );
    }

    /// @notice Issue rights to their first holders. Serials issued before are passed over, so the same batch sent
    /// twice, or two batches that overlap, never issue a right twice.
    /// @dev `_mint`, not `_safeMint`: one receiver must be able neither to revert nor to re-enter a whole batch.
    /// @return issued how many rights this call really issued
    function issueBatch(uint256 seriesId, Issue[] calldata items)
        external
        onlyRole(ISSUER_ROLE)
        returns (uint256 issued)
    {
        Series storage s = _existing(seriesId);
        uint256 maxSupply = s.terms.maxSupply;
        bool transferable = s.terms.transferable;
        for (uint256 i; i < items.length; ++i) {
            uint256 serial = items[i].serial;
            if (serial == 0 || serial > maxSupply) revert BadSerial(serial);
            uint256 tokenId = seriesId * SERIAL_SPACE + serial;
            if (_issued.get(tokenId)) continue;
            _issued.set(tokenId);
            ++issued;
            _mint(items[i].to, tokenId);
            emit RightIssued(tokenId, seriesId, items[i].to, items[i].ref);
            if (!transferable) emit Locked(tokenId);
        }
        s.minted += uint32(issued);
    }

    /// @notice End a right whose series says in advance that it can be revoked.
    /// @param reasonHash SHA-256 of the written decision
    function revoke(uint256 tokenId, bytes32 reasonHash) external onlyRole(ISSUER_ROLE) {
        if (!_series[tokenId / SERIAL_SPACE].terms.revocable) revert NotRevocable(tokenId);
        _burn(tokenId);
        emit RightRevoked(tokenId, reasonHash);
    }

    // ------------------------------------------------------------------------------------------- custody

    /// @notice The address at which the town keeps the rights of one account.
    /// Nobody has a key to it: it is a hash. Rights at it count as any holder's do.
    /// Anything else sent to it (coins, other tokens) is lost.
    /// @param accountId a random or salted identifier that says nothing about the person
    function custodyAddress(bytes32 accountId) public view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(_custodyDomain, accountId)))));
    }

    /// @notice Move a right out of the named account's custody: to the holder's own wallet, or to whom they give it.
    /// @dev Obeys `transferable` and `tradableFrom` like every transfer. Custody is no back door: until the date,
    /// a stranger who reads the logs must find no movement at all, and need not trust the town about any.
    /// `_safeTransfer`, so that a right is not lost in a contract that cannot handle it.
    function custodyTransfer(bytes32 accountId, address to, uint256 tokenId) external onlyRole(CUSTODIAN_ROLE) {
        emit CustodyReleased(accountId, to, tokenId);
        _safeTransfer(custodyAddress(accountId), to, tokenId);
    }

    /// @notice Exchange two rights between the custody of two accounts: both change hands, or neither does.
    /// @dev Each way is a transfer like any other: it obeys `transferable` and `tradableFrom`, is refused unless the
    /// named account holds the right, and ends every offer of it. `_transfer`, since custody addresses have no code that
    /// could be asked.
    function custodySwap(bytes32 oneAccount, uint256 oneToken, bytes32 otherAccount, uint256 otherToken)
        external
        onlyRole(CUSTODIAN_ROLE)
    {
        if (oneAccount == otherAccount || oneToken == otherToken) revert BadSwap();
        emit Swapped(oneAccount, otherAccount, oneToken, otherToken);
        address one = custodyAddress(oneAccount);
        address other = custodyAddress(otherAccount);
        _transfer(one, other, oneToken);
        _transfer(other, one, otherToken);
    }

    /// @notice Let an operator (the resale market) move one right out of the named account's custody.
    function custodyApprove(bytes32 accountId, address operator, uint256 tokenId) external onlyRole(CUSTODIAN_ROLE) {
        // `auth` = the custody address: OpenZeppelin refuses unless that address holds the right
        _approve(operator, tokenId, custodyAddress(accountId));
    }

    // ------------------------------------------------------------------------------------------- metadata

    /// @notice Say where the metadata of a whole series lies, as in `createSeries`.
    function setSeriesURI(uint256 seriesId, string calldata uri) external onlyRole(METADATA_ROLE) {
        Series storage s = _thawed(seriesId);
        _seriesURI[seriesId] = uri;
        emit BatchMetadataUpdate(seriesId * SERIAL_SPACE + 1, seriesId * SERIAL_SPACE + s.terms.maxSupply);
    }

    /// @notice Say where the metadata of one right lies; an empty text returns it to that of its series.
    function setTokenURI(uint256 tokenId, string calldata uri) external onlyRole(METADATA_ROLE) {
        _thawedToken(tokenId);
        _tokenURI[tokenId] = uri;
        emit MetadataUpdate(tokenId);
    }

    /// @notice Give up for ever the power to change the metadata of one right: it keeps the address that it has now,
    /// its own or its series'.
    function freezeToken(uint256 tokenId) external onlyRole(METADATA_ROLE) {
        _thawedToken(tokenId);
        string memory uri = tokenURI(tokenId);
        _tokenURI[tokenId] = uri;
        _frozenToken.set(tokenId);
        emit PermanentURI(uri, tokenId);
    }

    /// @notice Give up for ever the power to change the metadata of a series.
    function freezeSeries(uint256 seriesId) external onlyRole(METADATA_ROLE) {
        _thawed(seriesId).frozen = true;
        emit SeriesFrozen(seriesId);
    }

    /// @notice Metadata of the collection itself (ERC-7572).
    function setContractURI(string calldata uri) external onlyRole(METADATA_ROLE) {
        _contractURI = uri;
        emit ContractURIUpdated();
    }

    // ------------------------------------------------------------------------------------------- the town

    function setTreasury(address treasury_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setTreasury(treasury_);
    }

    /// @notice Stop issue, transfer and revocation.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ------------------------------------------------------------------------------------------- reading

    function series(uint256 seriesId) external view returns (Series memory) {
        return _existing(seriesId);
    }

    /// @notice Whether this right was ever issued, revoked ones included.
    function wasIssued(uint256 tokenId) external view returns (bool) {
        return _issued.get(tokenId);
    }

    /// @notice Whether the holder could transfer this right at this moment, pause aside.
    function tradable(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        Terms storage terms = _series[tokenId / SERIAL_SPACE].terms;
        return terms.transferable && block.timestamp >= terms.tradableFrom;
    }

    /// @notice How often a right can be used, 0 where uses are not counted, and until when (Unix seconds, 0 = no end).
    /// `UsageRegistry` says how often it was.
    function usesOf(uint256 tokenId) external view returns (uint256 usesPerToken, uint256 validUntil) {
        Terms storage terms = _series[tokenId / SERIAL_SPACE].terms;
        return (terms.usesPerToken, terms.validUntil);
    }

    /// @notice ERC-5192: bound to its holder for good.
    /// @dev False for a right that only waits for `tradableFrom`: the standard wants an event at the moment a token
    /// unlocks, and a date passes without one. Ask `tradable`.
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return !_series[tokenId / SERIAL_SPACE].terms.transferable;
    }

    /// @notice ERC-2981. Rounds down, in the seller's favour.
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        return (treasury, salePrice * _series[tokenId / SERIAL_SPACE].terms.royaltyBps / 10_000);
    }

    function contractURI() external view returns (string memory) {
        return _contractURI;
    }

    /// @notice The right's own document if it has one; the document of a series of one; else "<series>/<serial>.json".
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        string memory own = _tokenURI[tokenId];
        if (bytes(own).length != 0) return own;
        string memory uri = _seriesURI[tokenId / SERIAL_SPACE];
        if (_series[tokenId / SERIAL_SPACE].terms.maxSupply == 1) return uri;
        return string.concat(uri, Strings.toString(tokenId % SERIAL_SPACE), ".json");
    }

    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, AccessControlDefaultAdminRules, IERC165)
        returns (bool)
    {
        return interfaceId == type(IERC2981).interfaceId
            // ERC-4906 has events only: its identifier is given by the standard
            || interfaceId == bytes4(0x49064906) || interfaceId == type(IERC5192).interfaceId
            || interfaceId == type(IERC7572).interfaceId || ERC721.supportsInterface(interfaceId)
            || AccessControlDefaultAdminRules.supportsInterface(interfaceId);
    }

    // ------------------------------------------------------------------------------------------- inside

    /// @dev Every issue, transfer and burn passes here.
    function _update(address to, uint256 tokenId, address auth)
        internal
        override
        whenNotPaused
        returns (address from)
    {
        from = super._update(to, tokenId, auth);
        // sent to this contract, nobody could ever move it again
        if (to == address(this)) revert NotHere(tokenId);
        if (from == address(0)) return from;
        if (to != address(0)) {
            Terms storage terms = _series[tokenId / SERIAL_SPACE].terms;
            if (!terms.transferable) revert NotTransferable(tokenId);
            if (block.timestamp < terms.tradableFrom) revert NotTradableBefore(tokenId, terms.tradableFrom);
        }
        ++transferCount[tokenId];
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert NoTreasury();
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }

    function _thawedToken(uint256 tokenId) private view {
        _requireOwned(tokenId);
        _thawed(tokenId / SERIAL_SPACE);
        if (_frozenToken.get(tokenId)) revert FrozenToken(tokenId);
    }

    function _existing(uint256 seriesId) private view returns (Series storage s) {
        s = _series[seriesId];
        if (s.terms.maxSupply == 0) revert NoSeries(seriesId);
    }

    function _thawed(uint256 seriesId) private view returns (Series storage s) {
        s = _existing(seriesId);
        if (s.frozen) revert Frozen(seriesId);
    }
}
