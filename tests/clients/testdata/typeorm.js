// TypeORM makes a schema, finds it as it should be, and works with it.
require('reflect-metadata');
const {DataSource,EntitySchema,Table,TableIndex,TableColumn,TableForeignKey}=require('typeorm');
const port=+process.argv[2], database=process.argv[3];
const User=new EntitySchema({name:'user',columns:{id:{type:'int',primary:true,generated:'increment'},uid:{type:'uuid',generated:'uuid'},name:{type:'varchar',length:30,unique:true,comment:'the name'},age:{type:'smallint',nullable:true},meta:{type:'jsonb',default:{}},tags:{type:'text',array:true,default:()=>"'{}'"},kind:{type:'enum',enum:['x','y'],default:'x'},at:{type:'timestamptz',createDate:true},upd:{type:'timestamp',precision:3,updateDate:true},ver:{type:'int',version:true},del:{type:'timestamptz',deleteDate:true},amt:{type:'numeric',precision:10,scale:2,default:0},iv:{type:'interval',nullable:true}},relations:{posts:{type:'one-to-many',target:'post',inverseSide:'user',cascade:true}},indices:[{columns:['age','name']},{columns:['kind'],where:`"age" > 3`}],checks:[{expression:'"age" >= 0'}]});
const Post=new EntitySchema({name:'post',columns:{id:{type:'bigint',primary:true,generated:'identity',generatedIdentity:'ALWAYS'},title:{type:'text'}},relations:{user:{type:'many-to-one',target:'user',onDelete:'CASCADE',inverseSide:'posts'},tags:{type:'many-to-many',target:'tag',joinTable:true,cascade:true}}});
const Tag=new EntitySchema({name:'tag',columns:{n:{type:'varchar',primary:true}}});
const step=async(n,f)=>{try{console.log(n,JSON.stringify(await f()))}catch(e){console.log(n,'ERROR',e.message,e.code||'')}};
(async()=>{
 const ds=new DataSource({type:'postgres',host:'127.0.0.1',port,username:'postgres',database,entities:[User,Post,Tag],uuidExtension:'pgcrypto',installExtensions:false});
 await step('init',async()=>{await ds.initialize(); return 1});
 await step('sync',async()=>{await ds.synchronize(true); return 1});
 await step('sync again',async()=>{const l=await ds.driver.createSchemaBuilder().log(); return l.upQueries.map(q=>q.query)});
 const U=ds.getRepository('user');
 const strip=o=>JSON.parse(JSON.stringify(o,(k,v)=>['uid','at','upd'].includes(k)?undefined:v));
 await step('save',async()=>strip(await U.save({name:'ann',age:5,meta:{a:1},tags:['q'],posts:[{title:'t',tags:[{n:'go'},{n:'db'}]}]})));
 await step('find',async()=>strip(await U.find({relations:{posts:{tags:true}},order:{id:'ASC',posts:{tags:{n:'ASC'}}}})));
 await step('qb',async()=>strip(await U.createQueryBuilder('u').leftJoinAndSelect('u.posts','p').where('u.meta @> :m',{m:{a:1}}).andWhere('u.tags && :t',{t:['q']}).skip(0).take(3).getManyAndCount()));
 await step('upsert',async()=>strip((await U.upsert([{name:'ann',age:9},{name:'bob',age:1}],['name'])).identifiers));
 await step('soft',async()=>{await U.softDelete({name:'bob'}); return [await U.count(),await U.count({withDeleted:true})]});
 await step('tx',async()=>ds.transaction('SERIALIZABLE',async m=>{await m.increment('user',{name:'ann'},'age',2); return (await m.findOneBy('user',{name:'ann'})).age}));
 await step('lock',async()=>ds.transaction(async m=>(await m.findOne('user',{where:{name:'ann'},lock:{mode:'pessimistic_write_or_fail'}})).age));
 await step('qr',async()=>{const q=ds.createQueryRunner(); await q.createTable(new Table({name:'qr',columns:[{name:'id',type:'int',isPrimary:true},{name:'g',type:'int',asExpression:'id * 2',generatedType:'STORED'}]})); await q.addColumn('qr',new TableColumn({name:'c',type:'varchar(10)',isNullable:true})); await q.createIndex('qr',new TableIndex({columnNames:['c'],isUnique:true})); await q.changeColumn('qr','c',new TableColumn({name:'cc',type:'varchar',length:'20',isNullable:false,default:"'d'"})); await q.renameColumn('qr','cc','c3'); const t=await q.getTable('qr'); await q.dropColumn('qr','c3'); await q.dropTable('qr'); await q.release(); return t.columns.map(c=>[c.name,c.type,c.length,c.isNullable,c.default,c.asExpression])});
 await step('drop',async()=>{await ds.dropDatabase(); return 1});
 await ds.destroy();
 console.log('done');
})();
