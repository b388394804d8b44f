// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @title Play money for the local chain
/// @notice Worth nothing. Stands where a real yen token stands on a public chain; one unit is one yen.
/// @dev https://eips.ethereum.org/EIPS/eip-20
contract TestYen is ERC20, AccessControl {
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    constructor(address admin) ERC20("Test Yen", "tJPY") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(MINTER_ROLE, admin);
    }

    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @notice Yen has no fraction.
    function decimals() public pure override returns (uint8) {
        return 0;
    }
}
