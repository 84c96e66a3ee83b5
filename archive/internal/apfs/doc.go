// Package apfs reads containers of the Apple File System (Apple File System Reference,
// 2020-06-22), as files and as volumes of a disk.
//
// macOS goes by the newest checkpoint, 7-Zip by block 0: where these differ, both are
// read. So are the snapshots of a volume. A volume's tree is read record by record, so that
// what no directory names is found too. Checksums choose among superblocks and are asked
// for nothing else: what one tool repairs, another opens as it is.
//
// What is encrypted is said, with the names where they can be seen. Fusion containers
// have half of their blocks elsewhere, which is said besides what there is.
package apfs
