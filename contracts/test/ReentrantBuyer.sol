// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ResaleMarket} from "../src/ResaleMarket.sol";

/// @title A buyer that uses the moment of delivery to buy and to draw money again
contract ReentrantBuyer is IERC721Receiver {
    ResaleMarket private immutable _market;
    uint256 private _listingId;
    uint256 private _price;
    bytes public buyingAgain;
    bytes public drawing;

    constructor(ResaleMarket market) {
        _market = market;
        market.yen().approve(address(market), type(uint256).max);
    }

    function attack(uint256 tokenId, uint256 listingId, uint256 price) external {
        (_listingId, _price) = (listingId, price);
        _market.buy(tokenId, listingId, price, address(this));
    }

    function onERC721Received(address, address, uint256 tokenId, bytes calldata) external returns (bytes4) {
        try _market.buy(tokenId, _listingId, _price, address(this)) {}
        catch (bytes memory reason) {
            buyingAgain = reason;
        }
        try _market.withdraw(address(this)) {}
        catch (bytes memory reason) {
            drawing = reason;
        }
        return IERC721Receiver.onERC721Received.selector;
    }
}
