// Package office reads the documents of Microsoft Office that are no zip files:
// compound files of Word, Excel, PowerPoint and Outlook with what is in them (macros
// of [MS-OVBA], packaged objects, messages), TNEF ([MS-OXTNEF]), RTF with its objects,
// OneNote ([MS-ONESTORE]); and what passwords of [MS-OFFCRYPTO] protect.
package office
