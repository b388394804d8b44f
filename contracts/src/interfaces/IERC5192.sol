// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Tokens bound to their holder
/// @dev https://eips.ethereum.org/EIPS/eip-5192 (interface id 0xb45a3c0e)
interface IERC5192 {
    event Locked(uint256 tokenId);
    event Unlocked(uint256 tokenId);

    function locked(uint256 tokenId) external view returns (bool);
}
