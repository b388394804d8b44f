// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title A collection that asks for nine tenths of every resale
contract GreedyRights is ERC721("Greedy", "GRD") {
    address private immutable _taker;

    constructor(address taker, address holder) {
        _taker = taker;
        _mint(holder, 1);
    }

    function royaltyInfo(uint256, uint256 price) external view returns (address, uint256) {
        return (_taker, price * 9 / 10);
    }

    function transferCount(uint256) external pure returns (uint256) {
        return 0;
    }

    function tradable(uint256) external pure returns (bool) {
        return true;
    }

    function usesOf(uint256) external pure returns (uint256, uint256) {
        return (0, 0);
    }

    function custodyAddress(bytes32) external pure returns (address) {
        return address(1);
    }
}
