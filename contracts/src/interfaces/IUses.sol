// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What the resale market asks about the uses of a right
interface IUses {
    /// @notice A number that rises with every use and every undone use.
    function changes(uint256 tokenId) external view returns (uint256);
}
