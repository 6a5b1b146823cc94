import sortedBtree from 'sorted-btree'

type Module = typeof sortedBtree

/**
 * The package is CommonJS with an `exports.default`: Node hands over the whole `module.exports`,
 * bundlers and vitest unwrap it.
 */
export const BTree: Module['default'] = 'default' in sortedBtree ? sortedBtree.default : sortedBtree
