/* gmime lists the leaves of messages as GMime 3 reads them: for each, the file, the
 * SHA-256 of its decoded bytes, size, name and type. */
#include <gmime/gmime.h>
#include <stdio.h>

static const char *file;

static void leaf(GMimeObject *o)
{
	GMimePart *part = GMIME_PART(o);
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *mem = g_mime_stream_mem_new();
	const char *name = g_mime_part_get_filename(part);
	if (content != NULL)
		g_mime_data_wrapper_write_to_stream(content, mem);
	GByteArray *b = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, b->data, b->len);
	GMimeContentType *ct = g_mime_object_get_content_type(o);
	printf("%s\t%s\t%u\t%s\t%s/%s\n", file, sum, b->len, name ? name : "", g_mime_content_type_get_media_type(ct), g_mime_content_type_get_media_subtype(ct));
	g_free(sum);
	g_object_unref(mem);
}

static void visit(GMimeObject *parent, GMimeObject *o, gpointer user_data)
{
	(void)parent;
	(void)user_data;
	if (GMIME_IS_PART(o)) {
		leaf(o);
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
		if (m != NULL)
			g_mime_message_foreach(m, visit, NULL);
	}
}

static void list(const char *name)
{
	GError *err = NULL;
	GMimeStream *in = g_mime_stream_file_open(name, "r", &err);
	if (in == NULL)
		return;
	file = name;
	GMimeParser *p = g_mime_parser_new_with_stream(in);
	GMimeMessage *m = g_mime_parser_construct_message(p, NULL);
	if (m != NULL) {
		g_mime_message_foreach(m, visit, NULL);
		g_object_unref(m);
	}
	g_object_unref(p);
	g_object_unref(in);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	g_mime_init();
	for (int i = 1; i < argc; i++)
		list(argv[i]);
	return 0;
}
