// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A wallet without a key of its own: two people sign for it, one after the other
contract ContractWallet is IERC1271, ERC721Holder {
    address private immutable _one;
    address private immutable _other;

    constructor(address one, address other) {
        _one = one;
        _other = other;
    }

    /// @dev https://eips.ethereum.org/EIPS/eip-1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        require(signature.length == 130, "two signatures");
        bool both = ECDSA.recover(hash, signature[:65]) == _one && ECDSA.recover(hash, signature[65:]) == _other;
        return both ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
