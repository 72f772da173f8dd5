// The cookies came with this page; going on from here sends them along.

location.replace(document.getElementById("on").getAttribute("href"));
