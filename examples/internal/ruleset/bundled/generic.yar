/*
   Rules of Fivefifty's example programs. They tell a few tricks of mass mail
   that hardly change, and stand in for a real collection until the operator
   names one. Score: 70 and more is refused by default, 40 to 69 is reported.
*/

rule EICAR_Test_File
{
    meta:
        description = "EICAR's anti-virus test file"
        reference   = "https://www.eicar.org/download-anti-malware-testfile/"
        score       = 100
    strings:
        // the 68 bytes; in hex, so that nothing takes this file for it
        $eicar = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E
                   29 37 43 43 29 37 7D 24 45 49 43 41 52 2D 53 54 41 4E 44 41
                   52 44 2D 41 4E 54 49 56 49 52 55 53 2D 54 45 53 54 2D 46 49
                   4C 45 21 24 48 2B 48 2A }
    condition:
        $eicar at 0 and filesize <= 128
}

rule Script_Download_And_Run
{
    meta:
        description = "a Windows script that fetches a file, saves it and runs it"
        score       = 75
    strings:
        $fetch1 = "MSXML2.XMLHTTP" ascii wide nocase
        $fetch2 = "MSXML2.ServerXMLHTTP" ascii wide nocase
        $fetch3 = "WinHttp.WinHttpRequest" ascii wide nocase
        $save1  = "ADODB.Stream" ascii wide nocase
        $save2  = "SaveToFile" ascii wide nocase
        $run1   = "WScript.Shell" ascii wide nocase
        $run2   = "Shell.Application" ascii wide nocase
        $call1  = /\.\s*(Run|Exec|ShellExecute)\b/ ascii wide nocase
    condition:
        filesize < 2MB and any of ($fetch*) and all of ($save*) and any of ($run*) and $call1
}

rule Shortcut_Runs_Interpreter
{
    meta:
        description = "a Windows shortcut that starts a script interpreter"
        reference   = "MS-SHLLINK section 2.1"
        score       = 80
    strings:
        $powershell = "powershell" ascii wide nocase
        $mshta      = "mshta" ascii wide nocase
        $wscript    = "wscript" ascii wide nocase
        $cscript    = "cscript" ascii wide nocase
        $cmd        = /cmd(\.exe)?\s+\/[ckv]\b/ ascii wide nocase
        $regsvr     = "regsvr32" ascii wide nocase
        $rundll     = "rundll32" ascii wide nocase
    condition:
        uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and any of them
}

rule RTF_Equation_Object
{
    meta:
        description = "RTF with an embedded Equation Editor object"
        reference   = "CVE-2017-11882"
        score       = 80
    strings:
        $class = "Equation.3" ascii nocase
        $hex   = /4\s*5\s*7\s*1\s*7\s*5\s*6\s*1\s*7\s*4\s*6\s*9\s*6\s*f\s*6\s*e\s*2\s*e\s*3\s*3/ nocase
        $clsid = "02ce020000000000c000000000000046" ascii nocase
        $data  = "\\objdata" ascii nocase
    condition:
        uint32be(0) & 0xFFFFFF00 == 0x7B5C7200 and $data and any of ($class, $hex, $clsid)
}

rule OneNote_Embedded_Script
{
    meta:
        description = "a OneNote section with a script inside"
        reference   = "MS-ONESTORE section 2.6.13"
        score       = 75
    strings:
        // FileDataStoreObject's GUID, then what a script begins with
        $blob     = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
        $hta      = "<hta:application" nocase
        $shell    = "WScript.Shell" nocase
        $execute  = "powershell" nocase
        $batch    = "@echo off" nocase
    condition:
        uint32be(0) == 0xE4525C7B and $blob and any of ($hta, $shell, $execute, $batch)
}

rule HTML_Smuggling
{
    meta:
        description = "a web page that builds a file out of its own script and saves it"
        score       = 60
    strings:
        $build1 = "createObjectURL" ascii wide
        $build2 = "msSaveOrOpenBlob" ascii wide
        $build3 = "msSaveBlob" ascii wide
        $decode = /\b(atob\s*\(|Uint8Array|fromCharCode)/ ascii wide
        $save   = /\.download\s*=|setAttribute\(\s*['"]download['"]/ ascii wide
        $script = "<script" ascii wide nocase
    condition:
        filesize < 20MB and $script and any of ($build*) and $decode and ($save or $build2 or $build3)
}

rule Macro_Runs_At_Open
{
    meta:
        description = "an Office macro that runs by itself and starts a program"
        reference   = "MS-OVBA"
        score       = 60
    strings:
        $auto1  = "AutoOpen" ascii nocase
        $auto2  = "Auto_Open" ascii nocase
        $auto3  = "Document_Open" ascii nocase
        $auto4  = "Workbook_Open" ascii nocase
        $start1 = "WScript.Shell" ascii nocase
        $start2 = "powershell" ascii nocase
        $start3 = "URLDownloadToFile" ascii nocase
        $start4 = "ShellExecute" ascii nocase
        $vba    = "Attribut" ascii // "Attribute VB_" as the compressed source begins
    condition:
        uint32be(0) == 0xD0CF11E0 and $vba and any of ($auto*) and any of ($start*)
}
