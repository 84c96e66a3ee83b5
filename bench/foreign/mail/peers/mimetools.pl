# mimetools lists the leaves of messages as MIME-tools reads them: for each, the
# file, the SHA-256 of its decoded bytes, size, name and type.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use MIME::Parser;

sub visit {
    my ($file, $e) = @_;
    my @parts = $e->parts;
    if (@parts) {
        visit($file, $_) for @parts;
        return;
    }
    my $body = $e->bodyhandle ? $e->bodyhandle->as_string : '';
    my $name = $e->head->recommended_filename;
    $name = '' unless defined $name;
    $name =~ s/[\t\r\n]/ /g;
    printf "%s\t%s\t%d\t%s\t%s\n", $file, sha256_hex($body), length $body, $name, $e->mime_type;
}

binmode STDOUT, ':utf8';
for my $file (@ARGV) {
    my $p = MIME::Parser->new;
    $p->output_to_core(1);
    $p->tmp_to_core(1);
    $p->extract_nested_messages(1);
    my $e = eval { $p->parse_open($file) };
    eval { visit($file, $e) } if $e;
}
