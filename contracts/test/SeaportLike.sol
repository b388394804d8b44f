// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title Another marketplace, as far as its logs go
/// @dev Says what Seaport says of a sale, word for word, and moves the rights that were sold.
/// https://github.com/ProjectOpenSea/seaport-types/blob/main/src/interfaces/ConsiderationEventsAndErrors.sol
contract SeaportLike {
    struct SpentItem {
        uint8 itemType;
        address token;
        uint256 identifier;
        uint256 amount;
    }

    struct ReceivedItem {
        uint8 itemType;
        address token;
        uint256 identifier;
        uint256 amount;
        address payable recipient;
    }

    struct Order {
        bytes32 orderHash;
        address offerer;
        address recipient;
        SpentItem[] offer;
        ReceivedItem[] consideration;
    }

    struct Movement {
        IERC721 token;
        address from;
        address to;
        uint256 tokenId;
    }

    event OrderFulfilled(
        bytes32 orderHash,
        address indexed offerer,
        address indexed zone,
        address recipient,
        SpentItem[] offer,
        ReceivedItem[] consideration
    );

    function fulfil(Order[] calldata orders, Movement[] calldata movements) external {
        for (uint256 i = 0; i < orders.length; ++i) {
            Order calldata order = orders[i];
            emit OrderFulfilled(
                order.orderHash, order.offerer, address(0), order.recipient, order.offer, order.consideration
            );
        }
        for (uint256 i = 0; i < movements.length; ++i) {
            Movement calldata each = movements[i];
            each.token.transferFrom(each.from, each.to, each.tokenId);
        }
    }
}
