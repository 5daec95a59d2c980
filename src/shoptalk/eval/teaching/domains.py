"""Small invented catalogs in many trades, from which talks are made: what things are called, their facets, their values.

All of it is written for shoptalk; values are common words of each trade. One line is one facet: labels, kind, ways of
saying it, values. In a way of saying it '{v}' stands for a value, '{x}' for a text's, '{n}' for what the trade sells,
'{w}' for a number in words, '{s}' for a small number, '{d}' for a decade, '{t}' for a day and '{h}' for a clock time;
brackets show what is the span where it is more than that. Numbers give 'low-high' as their only value.
"""

import json
from dataclasses import dataclass, replace
from importlib.resources import files

from shoptalk.eval.teaching.examples import KnownFacet


@dataclass(frozen=True)
class Facet:
    """A facet and the ways in which people say its values."""

    known: KnownFacet
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """A trade: what its things are called, how items are named, and the facets that talks are about."""

    nouns: tuple[str, ...]
    titles: tuple[str, ...]
    facets: tuple[Facet, ...]


_ADJECTIVE = "{v} {n}|something {v}|a {v} one|{v} {n}|{n} that are {v}"
_OF = "from {v}|made in {v}|{n} from {v}|from {v} if possible"
_BY = "by {v}|from {v}|made by {v}|{v} {n}|a {v}"
_WITH = "with {v}|that has {v}|{v} included|having {v}|{v}"
_IN = "in {v}|in {v}|near {v}|around {v}|located in {v}|somewhere in {v}"
_UNDER = "under {v}|below {v}|no more than {v}|at most {v}|over {v}|at least {v}|around {v}|between {v} and {v}"
_PRICE = "under ${v}|below {v} dollars|for less than {v}|around ${v}|up to {v} bucks|max {v}|cheaper than ${v}"

_TEXT = """
film,movie,picture,flick
T: The Silver Orchard|Midnight at Calder|Paper Lanterns|Iron Tide|A Season of Crows|Glass Harbour|The Last Cartographer|Nine Bells|Hollow Creek|Blue Marrow|Signal Lost|The Weather Keeper|Two for Tangier|Cold Arithmetic|Little Comet|North of Nowhere
genre,kind,category|category|{v} {n}|{v} {n}s|something {v}|a {v}|good {v} {n}s|{v}|comedy,drama,horror,thriller,romance,western,science fiction,animation,documentary,musical,war,crime,fantasy,action,romantic comedy,mystery,family,sports,noir,children,adventure,biography
director,directed by,maker|name|directed by {v}|by {v}|{v} {n}s|from director {v}|made by {v}|that {v} directed|Anna Korhonen,Luis Ferrante,Mei Tanaka,Peter Oduya,Ingrid Sole,Marco Bellini,Sofia Lindqvist,David Archer,Jane Whitlock,Ravi Menon,Clara Dubois,Tom Hadley,Yusuf Demir,Helen Marsh
actor,cast,starring,stars,actors|name|starring {v}|with {v}|with {v} in it|that {v} is in|featuring {v}|{v} {n}s|that stars {v}|did {v} act in|{v} plays in|Rosa Delgado,Ben Carver,Lena Hoff,Idris Cole,Kate Monroe,Jack Ellery,Amara Okafor,Tom Reyes,Julia Stern,Omar Haddad,Nina Petrova,Will Granger,Emma Stoddard,Chris Vale,Grace Lin,Harry Novak
year,release year,released,year of release|number|from {v}|made in {v}|released in {v}|of {v}|{v} {n}s|before {v}|after {v}|between {v} and {v}|from the [{d}s]|[{d}s] {n}s|in the [{d}s]|from the [past {s} years]|in the [last {s} years]|[recent] {n}|from the [last decade]|1930-2024
rating,age rating,certificate,mpaa|category|rated {v}|that is {v}|a {v} rating|{v} rated|with a {v} rating|{v}|G,PG,PG-13,R,NC-17,18,12A,U,TV-MA,unrated
user rating,score,average rating,ratings average,stars|number|rated [{s} stars]|with [{s} stars]|with a rating of {s}|at least [{s} stars]|[{s} star] rating|scored above {s}|[highly rated]|[well rated]|[good ratings]|with [good reviews]|[best rated]|with an average rating of {s}|that got {s} out of ten|[{s} out of ten]|1-10
plot,story,about,synopsis|text|about {x}|where {x}|with a story about {x}|that deals with {x}|involving {x}|in which {x}|a kid who finds a dragon,two sisters running a bakery,a bank heist gone wrong,time travel,a lost dog,aliens invading a small town,a haunted lighthouse,bank robbers,surfing,a chess prodigy,zombies,a road trip across Spain,space pirates,a blind detective,boxing,witches,a murder on a train,vampires,talking animals,the end of the world,a wedding that goes wrong,car racing,spies in Berlin,mountain climbers
character,role,played character|name|with the character {v}|that has {v} in it|who played {v}|the one with {v}|about {v}|Captain Marlow,Doctor Finch,Queen Isolde,Mister Pockets,Agent Rowe,Old Sam,Princess Willa,Sheriff Dunn
song,soundtrack,music|name|with the song {v}|that features {v}|the soundtrack {v}|in which {v} plays|the song {v}|Carry Me Slowly,Neon Rain,River of Gold,Stay Till Monday,Dancing Alone,Summer Wires
language,original language,spoken language|category|in {v}|{v} {n}s|{v} language|with {v} audio|English,French,Spanish,Japanese,Korean,German,Hindi,Italian,Mandarin,Swedish
review,viewer reviews,opinions|text|{x}|that are {x}|considered {x}|said to be {x}|worth watching,a must see,critically acclaimed,a cult classic,most popular,award winning,everyone's favorite,underrated
trailer,preview,clip|text|the {x}|a {x}|show me the {x}|trailer,preview,clip,teaser
running time,length,duration|number|under {v} minutes|shorter than {v} min|over {v} minutes|around {v} minutes|less than two hours|80-200

wine,bottle,wines
T: Clos du Moulin|Casa Brava Reserva|Stone Hollow|Weingut Adler|Tenuta Serra|Red Kite Estate|Blackbird Ridge|Quinta da Luz
grape,grape variety,variety|category|{v}|a {v}|made from {v}|{v} {n}|Merlot,Malbec,Pinot Noir,Chardonnay,Riesling,Syrah,Tempranillo,Sauvignon Blanc,Zinfandel,Grenache,Chenin Blanc
colour,color,type|category|{v} {n}|a {v}|{v}|red,white,rosé,sparkling,orange
country,origin|category|from {v}|{v} {n}|France,Italy,Spain,Argentina,Chile,Portugal,Germany,South Africa,Australia,New Zealand
region,area|category|from {v}|{v}|a {v}|Bordeaux,Rioja,Tuscany,Napa Valley,Mosel,Barossa,Douro,Mendoza,Loire,Piedmont
taste,flavours,notes|category|tasting of {v}|with notes of {v}|that tastes {v}|{v}|{v} {n}|dry,sweet,fruity,oaky,light,full-bodied,crisp,buttery,peppery,floral
food pairing,goes with|category|to go with {v}|for {v}|that goes with {v}|to drink with {v}|steak,fish,pasta,cheese,curry,lamb,chocolate,oysters
alcohol,abv,strength|number|under {v} percent|below {v}%|around {v}% alcohol|over {v} percent|8-16
vintage,year|number|from {v}|{v} vintage|older than {v}|a {v}|1990-2023
price,cost|number|@P|8-120
organic|yes or no|organic {n}|that is organic|organic

laptop,notebook,computer,machine
T: Aero 14|Zenith Pro 16|Corebook S3|Falcon G7|Slate X2|Pixelon 13|Titan Studio
brand,maker,manufacturer|category|@B|Orbix,Lumina,Kestrel,Vanta,Norden,Hexa,Quill,Solaris
use,purpose,made for|category|for {v}|{v} {n}|good for {v}|for my {v}|gaming,office work,video editing,students,programming,travel,school,music production
processor,cpu|category|with an {v}|{v} inside|{v} processor|Ryzen 5,Core i7,Core i5,M3,Ryzen 9,Snapdragon X
memory,ram|number|with {v} GB|{v} gb ram|at least {v}GB of memory|{v} gigs of ram|8-64
storage,disk,ssd|number|with {v} GB storage|{v} GB SSD|at least {v} GB disk|128-2000
screen size,display,screen|number|{v} inch|{v}" screen|with a {v} inch screen|around {v} inches|11-18
weight|number|under {v} kg|lighter than {v} kilos|below {v}kg|1-4
battery life,battery|number|{v} hours of battery|at least {v} hours|lasting {v} hours|4-20
operating system,os|category|with {v}|running {v}|{v} {n}|Windows,Linux,ChromeOS,macOS
price,cost|number|@P|200-3000
touchscreen,has touchscreen|yes or no|with a touchscreen|touch screen|touchscreen
backlit keyboard,has backlit keyboard|yes or no|with backlit keyboard|backlit keyboard

restaurant,place,place to eat,diner,eatery
T: Olive & Thyme|Casa Lupita|The Brass Spoon|Noodle Yard|Harbor Grill|Saffron House|Little Naples|Blue Door Cafe|Smoke Shack
cuisine,food,kind of food,category,serves|category|{v} {n}|{v} food|{v}|that serves {v}|some {v}|Italian,Thai,Mexican,Chinese,Indian,French,Japanese,Greek,Korean,Vietnamese,Ethiopian,American,Spanish,Turkish,Lebanese,barbecue,seafood,vegan,pizza,sushi
dish,menu,specialty|category|that has {v}|with good {v}|to eat {v}|serving {v}|the best {v}|{v}|ramen,tacos,burgers,dumplings,steak,fried chicken,pho,pad thai,ice cream,oysters,lasagna,falafel,pancakes,curry,lobster,ribs
city,location,area,neighbourhood|category|@I|Oakland,Riverton,Lakeside,Brookfield,Downtown,Springdale,Fairview,Westport,Mill Valley,Old Town,the harbor
distance,nearby,location|text|{x}|[within {s} miles]|[{s} blocks away]|close to {x}|nearby,near me,close by,around here,in town,in this area,nearest,within walking distance,near the airport,on the way home,next to the station
price range,price,cost,expense|category|{v} {n}|{v}|something {v}|not too {v}|cheap,moderate,pricey,inexpensive,expensive,mid-priced,high end,affordable,budget
rating,stars,reviews|number|{s} star|with {s} stars|at least {s} stars|rated {s}|highly rated|with good reviews|top rated|best|1-5
amenity,features,atmosphere,services|category|with {v}|that has {v}|with a {v}|offering {v}|{v}|a {v} place|outdoor seating,live music,parking,delivery,takeout,a kids menu,wifi,a bar,a view,valet,dress code,romantic atmosphere,byob,reservations,private rooms,credit cards,happy hour,a buffet,dancing,drive through,dog friendly patio
open,hours,opening hours|text|open {x}|that is open {x}|open till {x}|{x}|late,after midnight,on sundays,24 hours,before 7 am,until 2 am,right now,for breakfast,for lunch,on monday
vegetarian options,has vegetarian options,serves vegetarian|yes or no|with vegetarian options|that has vegetarian food|vegetarian friendly
outdoor seating,has outdoor seating|yes or no|with outdoor seating|where we can sit outside|outdoor seating

hotel,place to stay,room,accommodation,hostel
T: Hotel Marigold|Grand Alder|The Pinewood Inn|Casa del Sol|Harbour View|Station Lodge|Villa Azul
city,location,where|category|@I|Lisbon,Vienna,Chicago,Kyoto,Seattle,Toronto,Prague,Denver,Sydney,Cape Town
stars,star rating,category|number|{s} star|{s} stars|at least {s} stars|{s}-star {n}|1-5
price per night,nightly rate,price|number|@P|30-500
rooms,number of rooms|number|{w} rooms|with {w} rooms|for {w} rooms|1-4
guests,number of people,sleeps|number|for {w} people|for {w} adults|for {w} guests|for the {w} of us|{w} people|1-8
amenities,facilities|category|@W|pool,gym,spa,breakfast,sauna,parking,sea view,balcony,airport shuttle,kitchen
smoking allowed,smoking|yes or no|where smoking is allowed|smoking {n}|that allows smoking|where I can smoke
pets welcome,pet friendly,pets allowed|yes or no|pet friendly|that takes pets|where I can bring my dog|pets welcome
free wifi,has wifi,wifi|yes or no|with free wifi|with wifi|wifi
check in date,arrival,from date|date|on {t}|checking in {t}|from {t}|arriving {t}|starting {t}|date

flight,ticket,trip
T: Northwind 214|Skylark 88|Atlas 702
origin city,from city,departure city,from|category|from {v}|leaving {v}|departing from {v}|out of {v}|flying out of {v}|Boston,Oslo,Nairobi,Lima,Dallas,Madrid,Osaka,Dublin,Miami,Perth
destination city,to city,going to,to|category|to {v}|going to {v}|arriving in {v}|heading to {v}|flying to {v}|Athens,Montreal,Denver,Naples,Hanoi,Porto,Berlin,Phoenix,Quito,Leeds
airline,airlines,carrier|category|with {v}|on {v}|flying {v}|{v}|Northwind,Skylark Air,Atlas Airways,Meridian,Polar Airlines,Sunjet
seating class,flight class,fare|category|in {v}|{v}|{v} class|{v} seats|economy,business,first class,premium economy
stops,number of stops,layovers|number|with {w} stops|{w} stop|direct|non stop|with no layover|0-2
passengers,number of passengers,travellers|number|for {w} people|{w} passengers|for {w}|{w} tickets|1-6
departure date,leaving on,outbound date|date|on {t}|leaving {t}|departing {t}|for {t}|date
return date,coming back,inbound date|date|returning {t}|coming back {t}|and return on {t}|back {t}|date
departure time,leaves at,outbound time|time of day|leaving at {h}|around {h}|after {h}|before {h}|at {h}|time of day
price,fare,cost|number|@P|60-1500

song,track,music,tune,songs
T: Paper Moonlight|Run the River|Velvet Static|Hold the Line Again|Ocean Machine|Golden Hour Girl
artist,singer,band,performed by|name|by {v}|from {v}|by the band {v}|{v} {n}s|something of {v}|The Low Tides,Marta Quinn,Kid Orbit,Velvet Foxes,Jonah Reed,Lady Cassis,The Paper Kings,Silver Arcade,DJ Morrow
album|name|on the album {v}|from {v}|off {v}|from the album {v}|Night Garden,Blue Rooms,Second Summer,Electric Letters,Homebound
genre,style,kind|category|{v} {n}|{v} {n}s|some {v}|{v}|in the {v} genre|pop,rock,jazz,country,hip hop,electro,reggae,classical,metal,folk,soul,indie
mood,feeling|category|{v} {n}|something {v}|to feel {v}|{v}|upbeat,sad,relaxing,energetic,romantic,dark,happy,chill
year,released|number|from {v}|from the {d}s|{d}s {n}s|released in {v}|older than {v}|1950-2024
playback device,play on,device|category|on the {v}|in the {v}|on my {v}|through the {v}|kitchen speaker,TV,bedroom speaker,living room,patio

apartment,flat,house,home,place
T: Cedar Court|Hillview Terrace|The Loft on Fifth|Maple Gardens
city,area,location|category|@I|Berkeley,Palo Alto,Hayward,Austin,Portland,Reno,Fremont,Pasadena
bedrooms,number of beds,beds|number|{w} bedrooms|{w} bed|with {w} bedrooms|a {w} bedroom|{w} beds|1-6
bathrooms,number of baths,baths|number|{w} bathrooms|{w} bath|with {w} baths|and {w} bathrooms|1-4
rent,price,monthly rent|number|under {v}|below {v} a month|for {v} per month|max {v}|up to ${v}|600-6000
furnished|yes or no|furnished|a furnished {n}|that is furnished|fully furnished
pets allowed,pet friendly|yes or no|that allows pets|pet friendly|where pets are allowed|pets allowed
laundry,has laundry|yes or no|with laundry|with in unit laundry|laundry
visit date,viewing day|date|on {t}|{t}|visit it {t}|date

book,novel,read,books
T: The Salt Almanac|Winter Geometry|A Quiet Machine|Letters to Ondine|The Crooked Mile|Starling Season
author,writer,written by|name|by {v}|written by {v}|{v}'s {n}s|from {v}|anything by {v}|Edith Marlowe,Kenji Mori,Paula Grant,Arturo Vance,Lily Osei,Nils Berg,Hannah Weiss
genre,subject,category|category|{v} {n}|{v}|{v} {n}s|fantasy,mystery,romance,history,science fiction,biography,poetry,cooking,self-help,crime,young adult
pages,length|number|under {v} pages|over {v} pages|around {v} pages|short|100-900
language|category|in {v}|{v} {n}|English,Spanish,German,Dutch,Portuguese
format,binding|category|as {v}|in {v}|{v}|paperback,hardcover,ebook,audiobook
published,year,publication year|number|from {v}|published after {v}|before {v}|from the [{d}s]|1900-2024
setting,about,topic|text|about {x}|set in {x}|on {x}|that deals with {x}|a monastery,the sea,robots,growing up,a divorce,medieval France,the ocean,small town life,artificial intelligence

shoe,sneaker,boot,pair of shoes
T: Strider 2|Cloudstep|Ridgeline GTX|Court Classic
brand,label|category|@B|Fleet,Arrowhead,Monte,Pacer,Sundry,Halden
color,colour|category|@A|black,white,red,navy,green,brown,beige,grey,pink,yellow
size,shoe size|number|in size {v}|size {v}|a size {v}|36-47
material,upper|category|{v}|made of {v}|in {v}|{v} {n}s|leather,suede,canvas,mesh,wool,rubber
sport,activity,for|category|for {v}|{v} {n}s|to go {v}|running,hiking,tennis,basketball,walking,trail running,climbing
waterproof|yes or no|waterproof|that are waterproof|waterproof {n}s
gender,for whom|category|for {v}|{v}'s|men,women,kids,boys,girls
price|number|@P|20-300

phone,smartphone,cell phone,device
T: Nova 9|Pebble Mini|Ultra Edge 5|Orbit Fold
brand,company|category|@B|Nova,Tessel,Orbit,Lumio,Pebble,Zentra
color,colour|category|in {v}|{v}|a {v} {n}|black,blue,silver,gold,white,purple
camera,megapixels|number|with a {v} megapixel camera|{v} MP|at least {v} megapixels|8-200
storage,memory|number|{v} GB|with {v}gb|at least {v} GB|32-1024
screen,display size|number|{v} inch|with a {v} inch display|5-7
features,has|category|@W|wireless charging,dual SIM,5G,headphone jack,face unlock,water resistance,stylus
network,carrier|category|for {v}|on {v}|working with {v}|Bluecell,Tele9,Mobia
price|number|@P|80-1500

recipe,dish,meal,something to cook
T: Lemon Lentil Soup|Smoky Bean Chili|Grandma's Apple Tart|Miso Noodles
ingredient,ingredients,contains|category|with {v}|using {v}|that has {v}|containing {v}|chicken,mushrooms,tofu,beef,spinach,nuts,eggs,coconut milk,garlic,salmon,peanuts,cheese,lentils
diet,suitable for|category|{v} {n}|{v}|that is {v}|suitable for {v}|vegan,vegetarian,gluten free,low carb,keto,dairy free,halal,kosher
course,meal,type|category|for {v}|a {v}|{v} {n}|dinner,breakfast,lunch,dessert,snack,starter,side dish
cuisine,origin|category|{v} {n}|{v}|Italian,Thai,Mexican,Indian,Moroccan,Greek,Polish
time,cooking time,minutes|number|in under {v} minutes|that takes {v} minutes|ready in {v} min|quick|10-120
calories|number|under {v} calories|less than {v} kcal|around {v} calories|150-900
difficulty,level|category|{v} {n}|{v}|something {v}|easy,medium,hard,beginner

car,vehicle,ride,rental
T: Vesta 5|Corsair GT|Metro Mini|Trailhawk
type,car type,body|category|a {v}|{v}|{v} car|standard,compact,SUV,sedan,convertible,van,hatchback,pickup,full-size
make,brand|category|@B|Vesta,Corsair,Halston,Tundra,Metro
fuel,engine|category|{v}|{v} {n}|with a {v} engine|that runs on {v}|electric,diesel,petrol,hybrid
pickup location,pickup city,where|category|pick up in {v}|from {v}|at {v}|picking it up in {v}|Fresno,Sacramento,Portland,Bergen,Lyon,Phoenix
pickup date,start date|date|on {t}|from {t}|starting {t}|pick up {t}|date
return date,end date,dropoff date|date|until {t}|till {t}|return it {t}|drop off {t}|date
pickup time,time|time of day|at {h}|around {h}|by {h}|time of day
doors,seats|number|with {w} seats|{w} seater|{w} doors|2-8
transmission,gearbox|category|{v}|with {v} gearbox|{v} transmission|automatic,manual
price,price per day|number|@P|20-200

event,concert,show,game,something to do
T: Symphony by the Lake|Riverside Jazz Night|Falcons vs Comets|Comedy Cellar Live
type,event type,category|category|a {v}|{v}|{v} {n}s|some {v}|music,sports,theater,comedy,dance,opera,festival,basketball,football,soccer
artist,team,performer|name|with {v}|of {v}|playing {v}|{v}|The Low Tides,Falcons,Marta Quinn,City Ballet,Comets,Jonah Reed
city,location,where|category|@I|Sacramento,Austin,Boston,London,Portland,Nashville
date,day,when|date|on {t}|{t}|for {t}|this coming {t}|happening {t}|date
time,starts at|time of day|at {h}|after {h}|starting {h}|time of day
venue|name|at {v}|at the {v}|in the {v}|Lakeside Arena,Alder Hall,The Old Mill,Civic Theater
tickets,number of tickets,seats|number|{w} tickets|for {w} people|{w} seats|for {w}|1-8
free entry,is free|yes or no|with free entry|that is free|free entry

doctor,dentist,therapist,provider,salon
T: Dr. Nora Feld|Evergreen Dental|Bright Smile Clinic|Studio Nine
type,specialty,kind|category|a {v}|{v}|some {v}|psychologist,dermatologist,general practitioner,orthodontist,family counselor,psychiatrist,hair stylist,eye doctor
city,area,location|category|@I|Napa,Sausalito,Novato,Oakland,Concord,Vallejo
appointment date,day,date|date|on {t}|for {t}|{t}|date
appointment time,time|time of day|at {h}|around {h}|{h}|in the morning|time of day
accepts new patients,offers cosmetic services,is unisex|yes or no|that offers cosmetic services|taking new patients|unisex
rating,average rating|number|rated {s}|with {s} stars|well rated|1-5

game,video game,board game,title
T: Ember Keep|Starfarers|Tiny Railways|Dungeon of Mist|Kart Kings
genre,category,type|category|{v} {n}|{v}|{v} {n}s|puzzle,strategy,racing,shooter,role-playing,adventure,party,cooperative,card,sports,platformer
platform,console,system|category|for {v}|on {v}|for my {v}|that runs on {v}|Gamestation 5,Switchbox,PC,Mac,Handheld X
players,number of players|number|for {w} players|for {w}|{w} players|playable with {w}|1-8
age,minimum age,suitable from|number|for a {w} year old|age {w}|for ages {w} and up|for kids of {w}|3-18
themes,mechanics,tags|category|with {v}|{v}|about {v}|dragons,dice,space,zombies,pirates,deck building,farming,trains,magic,detectives
publisher,studio,maker|category|@B|Gridworks,Lantern Games,Northpaw,Bluefin Studio
price|number|@P|5-90
multiplayer,has multiplayer|yes or no|with multiplayer|multiplayer|that I can play online

plant,houseplant,flower
T: Golden Pothos|Snow Fern|Desert Rosette|Giant Taro
light,needs,sunlight|category|for {v}|that likes {v}|in {v}|{v}|full sun,shade,low light,partial shade,bright light
watering,water|category|needing {v}|with {v}|{v}|little water,daily watering,weekly watering
colour,flower color|category|@A|red,white,purple,yellow,pink,blue
height,size|number|under {v} cm|about {v} cm tall|taller than {v} cm|10-300
safe for pets,pet safe,non toxic|yes or no|safe for cats|pet safe|not toxic for dogs
season,blooms in|category|blooming in {v}|for {v}|that flowers in {v}|spring,summer,autumn,winter

job,position,role,vacancy
T: Junior Data Analyst|Night Shift Nurse|Pastry Chef|Site Manager
field,industry,sector|category|in {v}|{v} {n}s|{v}|healthcare,finance,education,logistics,hospitality,software,construction,retail
company,employer|name|at {v}|with {v}|for {v}|Brightwater Ltd,Omnia Group,Fenwick & Sons,Delta Foods
city,location|category|@I|Glasgow,Bristol,Rotterdam,Tampa,Lyon
contract,type,hours|category|{v}|{v} {n}|full time,part time,temporary,internship,freelance
salary,pay|number|paying over {v}|at least {v}|above {v} a year|from {v}|20000-150000
remote,remote work|yes or no|remote|that is remote|work from home
experience,years of experience|number|with {w} years of experience|{w} years experience|0-10

"""


def domains() -> list[Domain]:
    """All of them; titles and people of the films are those of the embedded demo catalog."""
    first, *others = [_domain(block.strip().splitlines()) for block in _TEXT.strip().split("\n\n")]
    return [_with_demo_films(first), *others]


def _with_demo_films(trade: Domain) -> Domain:
    text = (files("shoptalk") / "demo" / "films.jsonl").read_text("utf-8")
    films = [json.loads(line) for line in text.splitlines()]
    held = {
        "title": tuple(dict.fromkeys(film["title"] for film in films)),
        "director": tuple(dict.fromkeys(name for film in films for name in film["directors"])),
        "actor": tuple(dict.fromkeys(name for film in films for name in film["cast"])),
    }
    facets = [
        replace(facet, known=KnownFacet(facet.known.labels, held[label], facet.known.kind))
        if (label := facet.known.labels[0]) in held
        else facet
        for facet in trade.facets
    ]
    return Domain(trade.nouns, held["title"], tuple(facets))


def _domain(lines: list[str]) -> Domain:
    titles = tuple(lines[1].removeprefix("T: ").split("|"))
    name = KnownFacet(("title", "name", f"{lines[0].split(',')[0]} name"), titles, "name")
    nouns = tuple(lines[0].split(","))
    return Domain(nouns, titles, (Facet(name, ("{v}", "called {v}", "the {n} {v}")), *map(_facet, lines[2:])))


def _facet(line: str) -> Facet:
    labels, *rest = line.split("|")
    if rest[0] in _KINDS:
        kind, *ways, values = rest
    else:
        kind, ways, values = "yes or no", rest[:-1] or rest, ""
    if kind == "yes or no":
        ways, values = [*ways, *([values] if values else [])], ""
    said = "|".join(ways)
    for short, long in _SHORT.items():
        said = said.replace(short, long)
    is_range = kind == "number"
    held = () if kind in ("date", "time of day", "yes or no") else tuple(values.split(","))
    return Facet(
        KnownFacet(tuple(labels.split(",")), held, kind),
        tuple(said.split("|")) if not is_range else tuple(said.split("|")),
    )


_KINDS = frozenset({"category", "name", "number", "date", "time of day", "text", "yes or no"})
_SHORT = {"@P": _PRICE, "@B": _BY, "@I": _IN, "@A": _ADJECTIVE, "@W": _WITH, "@U": _UNDER, "@O": _OF}
