// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Metadata of a contract as a whole
/// @dev https://eips.ethereum.org/EIPS/eip-7572 (interface id 0xe8a3d485)
interface IERC7572 {
    event ContractURIUpdated();

    function contractURI() external view returns (string memory);
}
