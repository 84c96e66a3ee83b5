package office

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// honestPage is what LibreOffice makes documents of.
var honestPage = "<html><body><h1>Quarterly figures</h1>" + strings.Repeat("<p>Text with <b>emphasis</b> and "+archivetest.Marker+"</p>", 200) + "</body></html>"

// TestOfficeHonest has documents that LibreOffice writes: they have no anomalies, no
// errors, and few members.
func TestOfficeHonest(t *testing.T) {
	tool, err := exec.LookPath("soffice")
	if err != nil || testing.Short() {
		t.Skip("soffice: ", err)
	}
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	page := write("page.html", honestPage)
	for _, c := range []struct {
		to, Filter, from string
		most             int
	}{
		{"doc", "doc:MS Word 97", page, 6},
	} {
		cmd := exec.Command(tool, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", c.Filter, "--outdir", dir, c.from)
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", c.to, err, msg)
		}
		data, err := os.ReadFile(strings.TrimSuffix(c.from, filepath.Ext(c.from)) + "." + c.to)
		if err != nil {
			t.Fatal(err)
		}
		all, r, err := archivetest.ReadAll(t, OLE, data)
		if err != nil || len(archivetest.NoteNames(all, r)) > 0 || len(all) > c.most {
			t.Errorf("%s: %d members, %v, %v", c.to, len(all), err, archivetest.NoteNames(all, r))
		}
		wide := string(text.UTF16Bytes(archivetest.Marker))
		if !slices.ContainsFunc(all, func(g archivetest.Got) bool {
			return strings.Contains(g.Data, archivetest.Marker) || strings.Contains(g.Data, wide)
		}) {
			t.Errorf("%s: the text is missing", c.to)
		}
	}
}

const installerSource = `<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="*" UpgradeCode="12345678-1234-1234-1234-111111111111" Name="P" Version="1.0.0" Manufacturer="M" Language="1033">
<Package InstallerVersion="200" Compressed="yes" Comments="c"/>
<Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
<Binary Id="Tool" SourceFile="p.js"/>
<Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="D" Name="Ex">
<Component Id="C" Guid="12345678-1234-1234-1234-222222222222"><File Id="F" Source="p.js"/></Component></Directory></Directory></Directory>
<Feature Id="Fe" Level="1"><ComponentRef Id="C"/></Feature>
</Product></Wix>`

// TestInstallerJudge compares the streams of an installer with what msiinfo lists.
func TestInstallerJudge(t *testing.T) {
	wixl, err := exec.LookPath("wixl")
	if err != nil {
		t.Skip(err)
	}
	msiinfo, err := exec.LookPath("msiinfo")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, data := range map[string]string{"p.js": archivetest.Payload, "p.wxs": installerSource} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(wixl, "-o", "p.msi", "p.wxs")
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, "p.msi"))
	if err != nil {
		t.Fatal(err)
	}
	all, r, err := archivetest.ReadAll(t, OLE, data)
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%v, %v", err, archivetest.NoteNames(all, r))
	}
	list, err := exec.Command(msiinfo, "streams", filepath.Join(dir, "p.msi")).Output()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(list))
	for _, name := range names {
		if !strings.HasSuffix(name, "SummaryInformation") && archivetest.Find(all, name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if !slices.Contains(names, "Binary.Tool") {
		t.Fatalf("streams: %v", names)
	}
	if g := archivetest.Find(all, "Binary.Tool"); g == nil || g.Data != archivetest.Payload {
		t.Error("the program in the installer is not the same")
	}
}
