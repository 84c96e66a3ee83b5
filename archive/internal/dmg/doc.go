// Package dmg reads Apple's disk images, known from libdmg-hfsplus and 7-Zip. Each
// partition is a member.
package dmg
