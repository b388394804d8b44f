// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";

/// @title What the resale market and the registry of uses ask of a collection of rights
interface IRights is IERC721, IERC2981 {
    function transferCount(uint256 tokenId) external view returns (uint256);
    function tradable(uint256 tokenId) external view returns (bool);
    function usesOf(uint256 tokenId) external view returns (uint256 usesPerToken, uint256 validUntil);
    function custodyAddress(bytes32 accountId) external view returns (address);
}
