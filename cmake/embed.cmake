# Writes OUT, a C file with every file of FOLDER as one row of a table:
#
#     const struct auger_page_file auger_page_files[];   {path, mime, data, len}
#     const size_t auger_page_files_len;
#
# A path is relative to FOLDER: "index.html". tools/page.h declares both.

set(mime_html "text/html; charset=utf-8")
set(mime_css "text/css; charset=utf-8")
set(mime_js "text/javascript; charset=utf-8")
set(mime_mjs "text/javascript; charset=utf-8")
set(mime_json "application/json")
set(mime_webmanifest "application/manifest+json")
set(mime_svg "image/svg+xml")
set(mime_png "image/png")
set(mime_ico "image/x-icon")
set(mime_txt "text/plain; charset=utf-8")

file(GLOB files ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    get_filename_component(extension ${file} LAST_EXT)
    string(SUBSTRING "${extension}" 1 -1 extension)
    if(NOT DEFINED mime_${extension})
        message(FATAL_ERROR "embed.cmake: which type is ${name}?")
    endif()
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const uint8_t file_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", \"${mime_${extension}}\", file_${number},"
                       " sizeof(file_${number}) - 1},\n")
    math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUT} "/* Made by cmake/embed.cmake. */
#include \"tools/page.h\"

${arrays}
const struct auger_page_file auger_page_files[] = {
${rows}};
const size_t auger_page_files_len = ${number};
")
